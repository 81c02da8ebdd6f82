// npm run check: everything that can be said about the code without running it. Two steps at a time; a step is one
// line, and its output is shown when it fails.
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { dependencyProblems } from "./licences.mjs";
import { lockfileProblems } from "./lockfile.mjs";
import { run } from "./setup/npm.mjs";
import { environment, root } from "./setup/place.mjs";

const AT_ONCE = 2;

/** A step resolves to its complaints; none means that it passed. */
const steps = [
  { name: "lint and format (biome)", check: () => tool("biome", "check", "--error-on-warnings") },
  { name: "layering (dependency-cruiser)", check: layering },
  { name: "types (tsc)", check: () => tool("tsc", "-p", "tsconfig.json") },
  { name: "types of the web (tsc)", check: () => tool("tsc", "-p", "src/web/tsconfig.json") },
  {
    name: "types of the Observatory's pages (tsc)",
    check: () => tool("tsc", "-p", "src/web/observatory/tsconfig.json"),
  },
  { name: "types of the flags' pages (tsc)", check: () => tool("tsc", "-p", "src/web/flags/tsconfig.json") },
  { name: "contract (buf lint)", check: () => tool("buf", "lint") },
  { name: "contract kept (buf breaking)", check: () => tool("buf", "breaking", "--against", "proto/baseline.binpb") },
  { name: "generated code (buf generate)", check: generated },
  { name: "telemetry registry", check: telemetry },
  { name: "rendered files", check: rendered },
  { name: "unused code (knip)", check: () => tool("knip", "--no-progress", "--no-config-hints") },
  { name: "pictures", check: pictures },
  { name: "versions and licences", check: () => dependencyProblems(root) },
  { name: "lockfile", check: lockfileProblems },
];

async function tool(name, ...args) {
  const { code, output } = await run(join(root, "node_modules", ".bin", name), args, {
    cwd: root,
    env: { ...environment(process.execPath), NO_COLOR: "1" },
  });
  return code === 0 ? [] : [output.trim() || `${name} ended with status ${code}`];
}

function layering() {
  const folders = ["src", "gen", "tests", "bench"].filter((folder) => existsSync(join(root, folder)));
  return tool("depcruise", "--config", ".dependency-cruiser.cjs", ...folders);
}

/** Generates anew into another folder: what is committed has to be the same. */
async function generated() {
  const fresh = mkdtempSync(join(tmpdir(), "orrery-gen-"));
  try {
    const complaints = await tool("buf", "generate", "--output", fresh);
    if (complaints.length > 0) {
      return complaints;
    }
    const differing = differences(join(root, "gen"), join(fresh, "gen"));
    return differing.length === 0 ? [] : [`${differing.join("\n")}\nrun npm run generate and commit gen/`];
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function differences(committed, fresh) {
  const before = contents(committed);
  const after = contents(fresh);
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((file) => {
    if (!after.has(file)) {
      return [`gen/${file} is not generated any more`];
    }
    if (!before.has(file)) {
      return [`gen/${file} is missing`];
    }
    return before.get(file).equals(after.get(file)) ? [] : [`gen/${file} differs from what the contract gives`];
  });
}

function contents(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      // Rendered from the registry, not from the contract.
      .filter((path) => !relative(folder, path).startsWith("telemetry"))
      .map((path) => [relative(folder, path), readFileSync(path)]),
  );
}

async function telemetry() {
  const { code, output } = await run(process.execPath, [join(root, "scripts", "render-telemetry.ts"), "--check"], {
    cwd: root,
    env: environment(process.execPath),
  });
  return code === 0 ? [] : [output.trim()];
}

/** What is rendered from the services' declarations, for engines to read; what is committed has the defaults. */
async function rendered() {
  const options = ["--check", ...(process.env.CI === undefined ? [] : ["--defaults"])];
  const { code, output } = await run(process.execPath, [join(root, "src", "main.ts"), "render", ...options], {
    cwd: root,
    env: environment(process.execPath),
  });
  return code === 0 ? [] : [output.trim()];
}

/** The rendered pictures name the hash of the drawing they were made from. */
function pictures() {
  const service = join(root, "src", "services", "image-provider");
  const manifest = JSON.parse(readFileSync(join(service, "static", "manifest.json"), "utf8"));
  const rendered = new Map(Object.values(manifest.pictures).map(({ source, sourceSha256 }) => [source, sourceSha256]));
  const drawn = readdirSync(join(service, "artwork")).filter((name) => name.endsWith(".svg"));
  const stale = drawn.filter((name) => {
    const hash = createHash("sha256").update(readFileSync(join(service, "artwork", name)));
    return rendered.get(name) !== hash.digest("hex");
  });
  const orphaned = [...rendered.keys()].filter((name) => !drawn.includes(name));
  return [
    ...stale.map(
      (name) =>
        `${name} has changed since its pictures were rendered: node src/services/image-provider/render-artwork.ts`,
    ),
    ...orphaned.map((name) => `${name} is gone, its pictures are not`),
  ];
}

async function main() {
  const failed = [];
  const queue = [...steps];
  const worker = async () => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
      const start = performance.now();
      const complaints = await step.check();
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      console.log(`${complaints.length === 0 ? "ok    " : "FAILED"} ${step.name.padEnd(32)} ${seconds.padStart(5)} s`);
      if (complaints.length > 0) {
        console.log(`${complaints.join("\n")}\n`);
        failed.push(step.name);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failed.length > 0) {
    console.log(`\nfailed: ${failed.join(", ")}`);
    process.exitCode = 1;
  }
}

await main();
