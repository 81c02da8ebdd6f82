import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { SetupError } from "./error.mjs";
import { withLock } from "./lock.mjs";
import { run } from "./npm.mjs";
import { environment, root } from "./place.mjs";
import { cached, stage } from "./stage.mjs";

const bundles = ["storefront", "observatory"];
const sources = join(root, "src", "web");
const outputs = join(root, "dist", "web");
const stampFile = join(outputs, "sources.sha256");

/** Builds the web bundles when what they are made of has changed since the last time, or `again`. */
export async function ensureWeb(node, { again }) {
  if (!again && isBuilt(sourcesHash())) {
    cached("Web bundles", "ready");
    return;
  }
  await withLock(() => stage("Web bundles", `building ${bundles.join(" and ")}`, () => build(node)));
}

async function build(node) {
  const hash = sourcesHash();
  rmSync(stampFile, { force: true });
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  for (const bundle of bundles) {
    const args = [vite, "build", "--config", join(sources, bundle, "vite.config.ts"), "--logLevel", "warn"];
    const { code, output: printed } = await run(node, args, { cwd: root, env: environment(node) });
    if (code !== 0) {
      throw new SetupError(`The bundle of the ${bundle} cannot be built:\n${printed.trim()}`);
    }
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, hash);
  return "ready";
}

function isBuilt(hash) {
  const areThere = bundles.every((bundle) => existsSync(join(outputs, bundle, "index.html")));
  return areThere && existsSync(stampFile) && readFileSync(stampFile, "utf8") === hash;
}

/** A hash over everything the bundle is made of: web sources, generated code, versions of the packages. */
function sourcesHash() {
  const hash = createHash("sha256");
  for (const file of [...files(sources), ...files(join(root, "gen")), join(root, "package-lock.json")]) {
    hash.update(relative(root, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

function files(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)]));
}
