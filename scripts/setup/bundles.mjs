import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { SetupError } from "./error.mjs";
import { withLock } from "./lock.mjs";
import { run } from "./npm.mjs";
import { environment, root } from "./place.mjs";
import { cached, stage } from "./stage.mjs";

const page = (name) => ({ name, config: `src/web/${name}/vite.config.ts`, output: `dist/web/${name}/index.html` });

/** The pages of the shop, the Observatory and the flags, for browsers. */
export const web = {
  name: "Web bundles",
  sources: ["src/web", "gen"],
  bundles: [page("storefront"), page("observatory"), page("flags")],
  folder: "dist/web",
};

/** The services as one program, which starts sooner than its sources and takes less memory. */
export const server = {
  name: "Services",
  sources: ["src", "gen", "vite.server.config.ts"],
  bundles: [{ name: "services", config: "vite.server.config.ts", output: "dist/server/main.js" }],
  folder: "dist/server",
};

/** Builds bundles when what they are made of has changed since the last time, or `again`. */
export async function ensureBundles(kind, node, { again }) {
  if (!again && isBuilt(kind, sourcesHash(kind))) {
    cached(kind.name, "ready");
    return;
  }
  const names = kind.bundles.map(({ name }) => name).join(" and ");
  await withLock(async () => {
    // Another command may have built them while this one waited.
    if (!again && isBuilt(kind, sourcesHash(kind))) return;
    await stage(kind.name, `building ${names}`, () => build(kind, node));
  });
}

async function build(kind, node) {
  const hash = sourcesHash(kind);
  rmSync(stampFile(kind), { force: true });
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  for (const { name, config } of kind.bundles) {
    const args = [vite, "build", "--config", join(root, config), "--logLevel", "warn"];
    const { code, output: printed } = await run(node, args, { cwd: root, env: environment(node) });
    if (code !== 0) {
      throw new SetupError(`The bundle of the ${name} cannot be built:\n${printed.trim()}`);
    }
  }
  mkdirSync(dirname(stampFile(kind)), { recursive: true });
  writeFileSync(stampFile(kind), hash);
  return "ready";
}

function stampFile({ folder }) {
  return join(root, folder, "sources.sha256");
}

function isBuilt(kind, hash) {
  const areThere = kind.bundles.every(({ output }) => existsSync(join(root, output)));
  const stamp = stampFile(kind);
  return areThere && existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
}

/** A hash over everything the bundles are made of: sources, generated code, versions of the packages. */
function sourcesHash({ sources }) {
  const hash = createHash("sha256");
  for (const file of [...sources, "package-lock.json"].flatMap((source) => files(join(root, source)))) {
    hash.update(relative(root, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

function files(place) {
  const entries = readEntries(place);
  if (entries === undefined) return [place];
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? files(join(place, entry.name)) : [join(place, entry.name)]));
}

/** What is in a folder; undefined of a file. */
function readEntries(place) {
  try {
    return readdirSync(place, { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOTDIR") return undefined;
    throw error;
  }
}
