import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "../../..");

const sections = ["receivers", "processors", "exporters", "connectors", "extensions"].map(
  (section) => [section, section.slice(0, -1)] as const,
);

type Section = Readonly<Record<string, unknown>>;
type Configuration = Readonly<Record<string, Section | undefined>>;

/** `receiver dockerstats`: both names without what the other leaves out. */
function nameOf(kind: string, component: string): string {
  // A newer name of the exporter that is called otlp in Go.
  const [type = ""] = component.replace("otlp_grpc", "otlp").split("/");
  return `${kind} ${type.replaceAll("_", "")}`;
}

test("the Collector is built of what its configuration uses, and can print what goes by", async () => {
  const manifest = parse(await readFile(join(import.meta.dirname, "collector/manifest.yaml"), "utf8"));
  const built = sections.flatMap(([section, kind]) =>
    (manifest[section] as readonly { readonly gomod: string }[]).map(({ gomod }) => {
      const [module = ""] = gomod.split(" ");
      return nameOf(kind, basename(module).replace(new RegExp(`${kind}$`), ""));
    }),
  );
  const used = new Set(["exporter debug"]);
  for (const file of globSync("otel/collector/*.yaml", { cwd: root })) {
    const configuration = parse(await readFile(join(root, file), "utf8"), { merge: true }) as Configuration;
    for (const [section, kind] of sections)
      for (const component of Object.keys(configuration[section] ?? {})) used.add(nameOf(kind, component));
  }
  expect(built.toSorted()).toEqual([...used].toSorted());
});

test("its program has the components of its manifest", async () => {
  const read = (name: string) => readFile(join(import.meta.dirname, "collector", name), "utf8");
  const modules = [...(await read("manifest.yaml")).matchAll(/gomod: (\S+ v[\d.]+)/g)].map(([, module]) => module);
  const pins = await read("go.mod");
  const program = (await read("components.go")) + (await read("main.go"));
  for (const module of modules) {
    expect(pins).toContain(`\t${module}\n`);
    expect(program).toContain(`"${module?.split(" ")[0]}"`);
  }
  const imported = program.match(
    /^\t\w+ "[^"]+\/(?:receiver|processor|exporter|connector|extension|provider)\/[^"]+"/gm,
  );
  expect(imported?.length).toBe(modules.length);
});
