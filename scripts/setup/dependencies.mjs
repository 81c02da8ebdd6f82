import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.mjs";
import { npmCi } from "./npm.mjs";
import { root } from "./place.mjs";
import { cached, stage } from "./stage.mjs";

const stampFile = join(root, "node_modules", ".orrery-stamp");

/** Installs the dependencies when they are missing or the lockfile has changed since. */
export async function ensureDependencies(node) {
  if (upToDate()) {
    cached("Dependencies", "ready");
    return;
  }
  await withLock(async () => {
    if (upToDate()) {
      return;
    }
    await stage("Dependencies", "installing with npm ci", async () => {
      await npmCi(node, root, installedMatchesLockfile);
      writeFileSync(stampFile, stamp());
      return "ready";
    });
  });
}

function upToDate() {
  const wanted = stamp();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted) {
    return true;
  }
  if (!installedMatchesLockfile()) {
    return false;
  }
  writeFileSync(stampFile, wanted);
  return true;
}

/** The platform is in it because some folders are shared between systems, say with a container. */
function stamp() {
  const hash = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  return `${process.platform}-${process.arch} ${hash}\n`;
}

/** Whether an `npm install` by hand has already brought what the lockfile says. */
function installedMatchesLockfile() {
  const file = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(file)) {
    return false;
  }
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(file, "utf8")).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path];
    return (
      path === "" ||
      (found === undefined ? entry.optional && !isForThisPlatform(entry) : found.version === entry.version)
    );
  });
}

/** Optional packages without a named system come and go with the one that wants them. */
function isForThisPlatform({ os, cpu, libc = ["glibc"] }) {
  return os?.includes(process.platform) && (cpu === undefined || cpu.includes(process.arch)) && libc.includes("glibc");
}
