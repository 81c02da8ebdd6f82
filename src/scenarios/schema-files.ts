import type { TSchema } from "typebox";
import type { RenderedFile } from "../deploy/rendered-file.ts";
import { answerSchema } from "./answer.ts";
import { manifestSchema } from "./manifest.ts";

/** The JSON schemas of manifests and of answers, for editors and for programs in other languages. */
export function scenarioSchemaFiles(): readonly RenderedFile[] {
  return [
    schemaFile("scenarios/schema.json", manifestSchema),
    schemaFile("scenarios/answer.schema.json", answerSchema),
  ];
}

function schemaFile(path: string, schema: TSchema): RenderedFile {
  const document = { $schema: "https://json-schema.org/draft/2020-12/schema", ...schema };
  return { path, text: `${JSON.stringify(document, null, 2)}\n` };
}
