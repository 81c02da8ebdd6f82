// Writes the tables of the documents anew from the code. tests/docs.test.ts tells when that is due:
//   .toolchain/bin/node scripts/render-docs.ts
import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { Code } from "@connectrpc/connect";
import { parse } from "yaml";
import { dashboards } from "../src/deploy/grafana/dashboards.ts";
import type { FlagDeclaration } from "../src/platform/flags/flag.ts";
import { problemOf } from "../src/platform/http/problem.ts";
import { defaultPolicy } from "../src/platform/rpc/client.ts";
import { type ErrorKind, platformErrors, rpcError } from "../src/platform/rpc/errors.ts";
import { maxMessageBytes } from "../src/platform/rpc/remote-transport.ts";
import { defaultLimits } from "../src/platform/rpc/serve-method.ts";
import { culpritsOf, type Manifest, manifestSchema } from "../src/scenarios/manifest.ts";
import { flags } from "../src/services/flags.ts";
import { services } from "../src/services/index.ts";

export const root = join(import.meta.dirname, "..");

/** The documents that hold tables, below the root. */
export const documents = [
  "README.md",
  "docs/architecture.md",
  "docs/errors.md",
  "docs/faults.md",
  "docs/monitoring.md",
  "docs/scenarios.md",
] as const;

const tables: Readonly<Record<string, () => string | Promise<string>>> = {
  services: servicesTable,
  settings: settingsTable,
  errors: errorTables,
  faults: faultCatalogue,
  limits: limitsTable,
  dashboards: dashboardsTable,
  quiet: quietPanelsTable,
  scenarios: scenariosTable,
  manifest: manifestTable,
};

/** A document with its tables as the code has them now: each stands between `<!-- table: name -->` and `<!-- end -->`. */
export async function renderDocument(document: string): Promise<string> {
  let text = await readFile(join(root, document), "utf8");
  for (const [marked, name = ""] of text.matchAll(/<!-- table: (\w+) -->\n.*?<!-- end -->/gs)) {
    const render = tables[name];
    if (render === undefined) throw new Error(`${document}: there is no table ${JSON.stringify(name)}.`);
    const rendered = `<!-- table: ${name} -->\n\n${await render()}\n\n<!-- end -->`;
    text = text.replace(marked, () => rendered);
  }
  return format(document, text);
}

/** As `npm run check` wants it. */
function format(document: string, text: string): string {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  return execFileSync(process.execPath, [biome, "format", `--stdin-file-path=${document}`], {
    cwd: root,
    input: text,
    encoding: "utf8",
  });
}

function servicesTable(): string {
  return table(
    ["Service", "Port", "What it does", "Calls", "Keeps"],
    services.map(({ name, port, summary, calls, schema, publishes = [], consumes = [] }) => [
      `\`${name}\``,
      String(port.fallback),
      summary,
      calls.join(", "),
      [
        ...(schema === undefined ? [] : [`schema \`${schema}\``]),
        ...publishes.map((topic) => `publishes \`${topic}\``),
        ...consumes.map((topic) => `consumes \`${topic}\``),
      ].join(", "),
    ]),
  );
}

function settingsTable(): string {
  return table(
    ["Service", "Variable", "Meaning", "Default"],
    services.flatMap(({ name, port, address, settings = [] }) => [
      [`\`${name}\``, `\`${port.variable}\``, "The port that it listens on.", `\`${port.fallback}\``],
      ...(address === undefined
        ? []
        : [["", `\`${address}\``, "Where other services find it.", `\`localhost:${port.fallback}\``]]),
      ...settings.map((setting) => [
        "",
        `\`${setting.name}\``,
        setting.meaning,
        setting.fallback === undefined ? "" : `\`${setting.fallback}\``,
      ]),
    ]),
  );
}

function limitsTable(): string {
  const { timeoutMs, attempts, marginMs, backoffMs } = defaultPolicy;
  return table(
    ["Unless a service says otherwise", ""],
    [
      ["A call with all its retries takes at most", `${timeoutMs} ms`],
      ["Attempts, the first included", String(attempts)],
      ["Wait before a further attempt", `random, up to ${backoffMs} ms and doubling`],
      ["Margin that is kept back at each hop", `${marginMs} ms`],
      ["A service answers after at most, whatever the caller's patience", `${defaultLimits.timeoutMs} ms`],
      ["Calls that a service takes at once; one more is RESOURCE_EXHAUSTED", String(defaultLimits.concurrency)],
      ["Largest message", `${maxMessageBytes / 1024 ** 2} MiB`],
    ],
  );
}

function dashboardsTable(): string {
  return table(
    ["Dashboard", "What for", "Address"],
    dashboards.map(({ title, description, uid }) => [title, description, `\`/grafana/d/${uid}\``]),
  );
}

function quietPanelsTable(): string {
  return table(
    ["Dashboard", "Panel", "Empty while"],
    dashboards.flatMap(({ title, sections }) =>
      sections
        .flatMap(({ lines }) => lines)
        .flatMap(({ panels }) => panels)
        .flatMap(([, { json, quiet }]) => (quiet === undefined ? [] : [[title, json.title ?? "", quiet]])),
    ),
  );
}

/** The manifests' own test has found them to be right. */
async function scenariosTable(): Promise<string> {
  const files = globSync("scenarios/*.yaml", { cwd: root }).sort();
  const manifests = await Promise.all(
    files.map(async (file) => parse(await readFile(join(root, file), "utf8")) as Manifest),
  );
  return table(
    ["Scenario", "Difficulty", "Faults", "Root cause", "Reason", "Category"],
    manifests.map(({ id, difficulty, faults }) => {
      const culprits = culpritsOf({ faults });
      return [
        `[${id}](../scenarios/${id}.yaml)`,
        difficulty,
        faults.map(({ flag, variant, isDecoy }) => `\`${flag}\` ${variant}${isDecoy ? " (decoy)" : ""}`).join(", "),
        culprits.map(({ rootCause }) => `\`${rootCause.entity}\``).join(", "),
        culprits.map(({ rootCause }) => rootCause.reason).join(", "),
        [...new Set(culprits.map(({ rootCause }) => rootCause.category))].join(", "),
      ];
    }),
  );
}

interface FieldSchema {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
  readonly anyOf?: readonly FieldSchema[];
}

function manifestTable(): string {
  return table(["Field", "What it is", "Value"], fieldRows(manifestSchema as FieldSchema, ""));
}

function fieldRows({ properties = {}, anyOf = [] }: FieldSchema, path: string): string[][] {
  const rows = new Map<string, string[]>();
  const add = ([name = "", what = "", value = ""]: readonly string[]) => {
    // What tells the shapes of a union apart has a value in each of them.
    const before = rows.get(name)?.[2];
    const isKnown = before === value || before?.split(", ").includes(value);
    rows.set(name, [name, what, before === undefined ? value : isKnown ? before : `${before}, ${value}`]);
  };
  for (const [name, field] of Object.entries(properties)) {
    const at = path === "" ? name : `${path}.${name}`;
    add([`\`${at}\``, field.description ?? "", fieldValue(field)]);
    for (const row of fieldRows(field.items ?? field, field.items === undefined ? at : `${at}[]`)) add(row);
  }
  for (const shape of anyOf) for (const row of fieldRows(shape, path)) add(row);
  return [...rows.values()];
}

function fieldValue({ type, const: constant, enum: values, items, anyOf }: FieldSchema): string {
  if (constant !== undefined) return `\`${constant}\``;
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(", ");
  if (type === "array") return items?.type === "string" ? "list of text" : "list";
  if (anyOf !== undefined) return "either of these";
  return { string: "text", integer: "whole number", number: "number", boolean: "`true`, `false`" }[type ?? ""] ?? "";
}

function faultCatalogue(): string {
  return flags.flatMap((flag) => faultEntry(flag)).join("\n\n");
}

function faultEntry({ key, description, variants, resting, targeting, fault }: FlagDeclaration): readonly string[] {
  if (fault === undefined) return [];
  const owner = services.find((service) => service.flags?.some((flag) => flag.key === key));
  const where = owner === undefined ? "" : ` In \`${owner.name}\`.`;
  const rest = targeting === undefined ? `at rest \`${resting}\`` : `at rest \`${resting}\`, by a rule`;
  const heap = fault.needsOwnProcess;
  return [
    `### ${key}`,
    `${description}.${where} Variants ${Object.keys(variants)
      .map((variant) => `\`${variant}\``)
      .join(", ")}, ${rest}.`,
    [
      `- **Effect**: ${fault.effect}`,
      `- **Who is affected**: ${fault.blastRadius}`,
      `- **What proves it**: ${fault.symptom}`,
      ...(fault.bound === undefined ? [] : [`- **Where it stops**: ${fault.bound}`]),
      ...(heap === undefined ? [] : [`- **Process**: one of its own, with a heap of ${heap.heapMb} MiB.`]),
    ].join("\n"),
  ];
}

async function errorTables(): Promise<string> {
  const files = globSync("src/services/**/errors.ts", { cwd: root }).sort();
  const parts: [service: string, kinds: readonly ErrorKind[]][] = [["every service", Object.values(platformErrors)]];
  for (const file of files) {
    const exported: Record<string, Record<string, ErrorKind>> = await import(join(root, file));
    const own = Object.values(exported)
      .flatMap((kinds) => Object.values(kinds))
      .filter((kind) => !Object.values(platformErrors).includes(kind));
    parts.push([relative("src/services", file).split("/")[0] ?? file, own]);
  }
  return parts
    .map(([service, kinds]) => {
      const rows = kinds.map((kind) => [
        `\`${kind.reason}\``,
        Code[kind.code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase(),
        String(problemOf(rpcError(kind, "")).status),
        kind.meaning,
      ]);
      return `## ${service}\n\n${table(["Reason", "gRPC code", "HTTP status", "Meaning"], rows)}`;
    })
    .join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

if (import.meta.main) {
  for (const document of documents) await writeFile(join(root, document), await renderDocument(document));
}
