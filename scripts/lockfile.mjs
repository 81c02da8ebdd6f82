// Checks package-lock.json beyond what npm does; with --fix, completes it.
//
// npm leaves out the lockfile's entry for an optional package that it cannot see in the registry at hand, such as the
// macOS build of a tool in an incomplete mirror, and `npm ci` then refuses the lockfile everywhere. An entry without a
// hash lets npm fetch that package where it is wanted.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup/place.mjs";

const file = join(root, "package-lock.json");

/** What is wrong with the lockfile, one line each. */
export function lockfileProblems() {
  const lockfile = JSON.parse(readFileSync(file, "utf8"));
  const hosts = Object.entries(lockfile.packages)
    .filter(([, entry]) => entry.resolved !== undefined)
    .map(([path]) => `${path} names the host it came from (.npmrc: omit-lockfile-registry-resolved)`);
  const missing = missingEntries(lockfile).map(
    ({ path }) => `${path} has no entry: run node scripts/lockfile.mjs --fix`,
  );
  return [...hosts, ...missing];
}

function missingEntries(lockfile) {
  const missing = new Map();
  for (const [parent, entry] of Object.entries(lockfile.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`;
      if (lockfile.packages[path] === undefined && lockfile.packages[`${parent}/${path}`] === undefined) {
        missing.set(path, { path, name, version: range.replace(/^[~^]/, ""), parent: entry });
      }
    }
  }
  return [...missing.values()];
}

/** Operating system, processor and C library as platform packages say them in their names. */
function platformOf(name) {
  const parts = name.split(/[/-]/);
  const cpus = { x64: "x64", arm64: "arm64", aarch64: "arm64", ia32: "ia32", arm: "arm", armv7: "arm", x86: "ia32" };
  const more = { x86_64: "x64", riscv64: "riscv64", ppc64: "ppc64", s390x: "s390x", loong64: "loong64" };
  const os = ["android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
  const libc = parts.some((part) => part.startsWith("musl")) ? "musl" : parts.includes("gnu") ? "glibc" : undefined;
  const fixed = { fsevents: "darwin" };
  return {
    os: fixed[name] ?? parts.find((part) => os.includes(part)) ?? (parts.includes("windows") ? "win32" : undefined),
    cpu: parts.map((part) => ({ ...cpus, ...more })[part]).find((cpu) => cpu !== undefined),
    libc,
  };
}

function complete() {
  const lockfile = JSON.parse(readFileSync(file, "utf8"));
  const added = missingEntries(lockfile);
  for (const { path, name, version, parent } of added) {
    const { os, cpu, libc } = platformOf(name);
    lockfile.packages[path] = {
      version,
      ...(cpu && { cpu: [cpu] }),
      ...(parent.dev && { dev: true }),
      ...(libc && { libc: [libc] }),
      optional: true,
      ...(os && { os: [os] }),
    };
  }
  const order = ([a], [b]) => a.localeCompare(b, "en");
  lockfile.packages = Object.fromEntries(Object.entries(lockfile.packages).sort(order));
  writeFileSync(file, `${JSON.stringify(lockfile, null, 2)}\n`);
  for (const { name, version } of added) {
    const { os = "any system", cpu = "any processor" } = platformOf(name);
    console.log(`added ${name} ${version} (${os}, ${cpu})`);
  }
}

if (process.argv.includes("--fix")) {
  complete();
}
