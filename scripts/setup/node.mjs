import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { SetupError } from "./error.mjs";
import { withLock } from "./lock.mjs";
import { npmCi } from "./npm.mjs";
import { root, toolchain } from "./place.mjs";
import { cached, stage } from "./stage.mjs";

const NEEDED = 24;

/**
 * Node 24 or newer: the one that runs this when it is, else one from npm. `.toolchain/bin/node` leads to it.
 * Resolves to its path.
 */
export async function ensureNode() {
  const node = await findNode();
  const link = join(toolchain, "bin", "node");
  if (readLink(link) !== node) {
    // Renamed into place, for another command may be starting by it.
    const fresh = `${link}.${process.pid}`;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(node, fresh);
    renameSync(fresh, link);
  }
  return node;
}

async function findNode() {
  const own = process.versions.node;
  if (Number(own.split(".")[0]) >= NEEDED) {
    cached("Node", own);
    return process.execPath;
  }
  const wanted = packageForThisPlatform();
  const isInstalled = () => installedVersion(wanted.name) === wanted.version;
  if (isInstalled()) {
    cached("Node", wanted.version);
    return binary(wanted.name);
  }
  await withLock(async () => {
    if (!isInstalled()) {
      await stage("Node", `installing Node ${wanted.version} beside the machine's ${own}`, () =>
        install(wanted, isInstalled),
      );
    }
  });
  return binary(wanted.name);
}

function readLink(link) {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function packageForThisPlatform() {
  const lockfile = JSON.parse(readFileSync(join(root, "scripts", "toolchain", "package-lock.json"), "utf8"));
  for (const [path, entry] of Object.entries(lockfile.packages)) {
    if (entry.os === process.platform && entry.cpu === process.arch) {
      return { name: path.replace("node_modules/", ""), version: entry.version };
    }
  }
  throw new SetupError(
    `Node ${NEEDED} is needed; this is ${process.versions.node}, and none is known for ${process.platform} on ${process.arch}: install it from nodejs.org.`,
  );
}

function binary(name) {
  return join(toolchain, "node_modules", name, "bin", "node");
}

/** npm writes its own lockfile last: an installation that was cut off has none. */
function installedVersion(name) {
  const installed = join(toolchain, "node_modules", ".package-lock.json");
  return existsSync(installed) && existsSync(binary(name))
    ? JSON.parse(readFileSync(installed, "utf8")).packages[`node_modules/${name}`]?.version
    : undefined;
}

async function install(wanted, isInstalled) {
  mkdirSync(toolchain, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) {
    copyFileSync(join(root, "scripts", "toolchain", file), join(toolchain, file));
  }
  await npmCi(process.execPath, toolchain, isInstalled);
  const { status, stdout, stderr, error } = spawnSync(binary(wanted.name), ["--version"], { encoding: "utf8" });
  if (status !== 0) {
    rmSync(join(toolchain, "node_modules"), { recursive: true, force: true });
    const reason = error?.message ?? stderr.trim();
    throw new SetupError(
      `Node ${wanted.version} from npm does not run here (${reason}): it needs a system with glibc. Install Node ${NEEDED} yourself.`,
    );
  }
  return stdout.trim().replace("v", "");
}
