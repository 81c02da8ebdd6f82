import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GetSchemaResponseSchema } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { type TableSchema, tables } from "../schema.ts";
import type { Ask } from "./asking.ts";

/** The tables that people can query. */
export async function getSchema(ask: Ask): Promise<MessageInitShape<typeof GetSchemaResponseSchema>> {
  const all: readonly TableSchema[] = Object.values(tables);
  const counts = await ask<{ name: string; rows: bigint }>(
    all.map(({ name }) => `select '${name}' as name, count(*) as rows from ${name}`).join(" union all "),
  );
  const rowsOf = new Map(counts.map(({ name, rows }) => [name, rows]));
  return {
    tables: all.map(({ name, description, columns }) => ({
      name,
      description,
      columns: columns.map((column) => ({ name: column.name, type: column.type })),
      rowCount: rowsOf.get(name) ?? 0n,
    })),
  };
}
