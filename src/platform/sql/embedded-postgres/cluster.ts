import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import {
  chmod,
  chown,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  statfs,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { noSpaceLeft } from "../store-unavailable.ts";
import { type Account, canEnter, serverAccount } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { EmbeddedPostgresError, systemErrorCode } from "./errors.ts";
import { isAlive } from "./process.ts";

/** A PostgreSQL data directory and its surroundings. */
export interface Cluster {
  /** What the user named. */
  readonly dataDir: string;
  /** The PGDATA folder: inside `dataDir`, unless the account that runs the server cannot enter there. */
  readonly path: string;
  readonly logFile: string;
  readonly account: Account;
}

const POINTER = "cluster-is-elsewhere.txt";

/**
 * Decides where the cluster of a data folder lives; makes the folder when it is missing.
 *
 * @throws EmbeddedPostgresError `folder-unwritable`
 */
export async function locateCluster(options: {
  dataDir: string;
  stateDir: string;
  log: (line: string) => void;
}): Promise<Cluster> {
  const { dataDir, stateDir, log } = options;
  try {
    // A folder of our own making stays open to the account that runs the server, whatever the umask.
    const created = await mkdir(dataDir, { recursive: true });
    if (created !== undefined) {
      await chmod(dataDir, 0o755);
    }
    const home = await realpath(dataDir);
    const logFile = join(home, "postgres.log");
    await (await open(logFile, "a")).close();

    const pointer = join(home, POINTER);
    const elsewhere = await readFile(pointer, "utf8").catch(() => undefined);
    const path = elsewhere?.trim() ?? join(home, "cluster");
    const account = serverAccount(path);
    if (elsewhere !== undefined) {
      await mkdir(dirname(path), { recursive: true });
      return { dataDir, path, logFile, account };
    }
    if (canEnter(account, home)) {
      return { dataDir, path, logFile, account };
    }
    const hash = createHash("sha256").update(home).digest("hex").slice(0, 16);
    const moved = join(stateDir, hash, "cluster");
    await mkdir(dirname(moved), { recursive: true });
    await chmod(stateDir, 0o755);
    await chmod(dirname(moved), 0o755);
    await writeFile(pointer, `${moved}\n`);
    log(`user ${account.name}, as whom PostgreSQL has to run, cannot enter ${dataDir}: its files are in ${moved}`);
    return { dataDir, path: moved, logFile, account };
  } catch (error) {
    throw folderError(error, dataDir);
  }
}

/**
 * Makes the cluster unless it is there. It is made under another name and renamed, so that a start that was killed
 * half-way leaves nothing that looks like a cluster.
 *
 * @throws EmbeddedPostgresError `wrong-version`, `folder-corrupt`, `folder-unwritable`, `disk-full`, `not-started`
 */
export async function ensureCluster(
  cluster: Cluster,
  options: { binaries: Binaries; durable: boolean; log: (line: string) => void },
): Promise<void> {
  try {
    await removeUnfinished(cluster.path);
    if (existsSync(cluster.path)) {
      await checkVersion(cluster, options.binaries);
      return;
    }
    options.log(`making a PostgreSQL ${options.binaries.version} cluster in ${cluster.path}`);
    const unfinished = `${cluster.path}.init-${process.pid}-${randomUUID()}`;
    await mkdir(unfinished, { mode: 0o700 });
    await chown(unfinished, cluster.account.uid, cluster.account.gid);
    await runInitdb(cluster, unfinished, options);
    await rename(unfinished, cluster.path).catch(async (error) => {
      // Another start was faster; its cluster is as good as ours.
      await rm(unfinished, { recursive: true, force: true });
      if (!["ENOTEMPTY", "EEXIST"].includes(systemErrorCode(error) ?? "")) {
        throw error;
      }
    });
    if (options.durable) {
      const parent = await open(dirname(cluster.path), "r");
      await parent.sync();
      await parent.close();
    }
  } catch (error) {
    throw folderError(error, cluster.dataDir);
  }
}

async function runInitdb(
  cluster: Cluster,
  target: string,
  options: { binaries: Binaries; durable: boolean },
): Promise<void> {
  const { account } = cluster;
  const args = ["-D", target, "-U", "postgres", "-A", "trust", "--no-instructions"];
  args.push("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8");
  if (!options.durable) {
    args.push("--no-sync");
  }
  const child = spawn(options.binaries.initdb, args, {
    cwd: "/",
    env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    ...(account.foreign ? { uid: account.uid, gid: account.gid } : {}),
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const code = await new Promise<number | null>((resolve, fail) => {
    child.once("error", (cause) => fail(cannotRun(options.binaries.initdb, cause)));
    child.once("close", resolve);
  });
  if (code !== 0) {
    await rm(target, { recursive: true, force: true });
    throw await explain(cluster, output, "initdb failed");
  }
}

/** An error for a program that is there and yet does not run. */
export function cannotRun(program: string, cause: Error): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    "unsupported-platform",
    `${program} cannot be run (${cause.message}): it needs a system with glibc (not Alpine) that allows programs to run from this folder`,
    { cause },
  );
}

async function removeUnfinished(clusterPath: string): Promise<void> {
  const prefix = `${basename(clusterPath)}.init-`;
  for (const name of await readdir(dirname(clusterPath))) {
    if (name.startsWith(prefix) && !isAlive(Number.parseInt(name.slice(prefix.length), 10))) {
      // The initdb of a killed start may still be writing for a moment.
      await rm(join(dirname(clusterPath), name), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    }
  }
}

async function checkVersion(cluster: Cluster, binaries: Binaries): Promise<void> {
  const found = await readFile(join(cluster.path, "PG_VERSION"), "utf8").catch((error) => {
    if (systemErrorCode(error) !== "ENOENT") {
      throw error;
    }
  });
  if (found === undefined) {
    throw new EmbeddedPostgresError(
      "folder-corrupt",
      `${cluster.path} is not a PostgreSQL cluster (it has no PG_VERSION); ${whatToDo(cluster)}`,
    );
  }
  const major = binaries.version.split(".")[0];
  if (found.trim() !== major) {
    throw new EmbeddedPostgresError(
      "wrong-version",
      `${cluster.path} was made by PostgreSQL ${found.trim()}, this is PostgreSQL ${major}: choose another data folder, or start it with the version that made it`,
    );
  }
}

/**
 * Turns what PostgreSQL wrote before it gave up into an error: the last telling line, and what can be done. On a full disk
 * there may be no room for its last words either.
 */
export async function explain(cluster: Cluster, output: string, headline: string): Promise<EmbeddedPostgresError> {
  const lines = output.split("\n").map((line) => line.trim());
  const telling =
    lines.find((line) => noSpaceLeft.test(line)) ??
    lines.findLast((line) => /\b(FATAL|PANIC|error):/i.test(line)) ??
    lines.findLast((line) => line !== "") ??
    "";
  const cause = telling.replace(/^.*?\b(FATAL|PANIC|ERROR|error):\s*/, "");
  const where = `PostgreSQL on ${cluster.dataDir}: ${headline}: ${cause || "no reason given"}`;
  if (noSpaceLeft.test(telling)) {
    return new EmbeddedPostgresError("disk-full", `${where}. Make room on the disk; nothing was deleted`);
  }
  if (await isDiskFull(cluster.logFile)) {
    return new EmbeddedPostgresError(
      "disk-full",
      `PostgreSQL on ${cluster.dataDir}: ${headline}, and there is no room on the disk. Make room; nothing was deleted`,
    );
  }
  if (/Permission denied|Read-only file system|has wrong ownership|has invalid permissions/i.test(cause)) {
    return new EmbeddedPostgresError(
      "folder-unwritable",
      `${where}. The folder has to belong to ${cluster.account.name} and be writable; log: ${cluster.logFile}`,
    );
  }
  if (/could not look up effective user ID/.test(cause)) {
    return new EmbeddedPostgresError(
      "unsupported-platform",
      `${where}. PostgreSQL wants its user to have an entry in /etc/passwd`,
    );
  }
  const corrupt = /pg_control|control file|checksum|invalid (data|page|record)|could not (read|locate|open|find)|WAL/i;
  return corrupt.test(cause)
    ? new EmbeddedPostgresError("folder-corrupt", `${where}. ${capital(whatToDo(cluster))}; log: ${cluster.logFile}`)
    : new EmbeddedPostgresError("not-started", `${where}. Log: ${cluster.logFile}`);
}

/** Whether there is not even room for a few lines where a file is. */
async function isDiskFull(path: string): Promise<boolean> {
  const disk = await statfs(path).catch(() => undefined);
  return disk !== undefined && disk.bavail * disk.bsize < 64 * 1_024;
}

function whatToDo(cluster: Cluster): string {
  return `nothing was deleted: restore a copy, or move ${cluster.path} away to start with empty tables`;
}

function folderError(error: unknown, dataDir: string): unknown {
  const code = systemErrorCode(error);
  if (error instanceof EmbeddedPostgresError || code === undefined) {
    return error;
  }
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new EmbeddedPostgresError("disk-full", `no room for the data folder ${dataDir}: make room on the disk`, {
      cause: error,
    });
  }
  return new EmbeddedPostgresError(
    "folder-unwritable",
    `the data folder ${dataDir} cannot be used (${error instanceof Error ? error.message : code}): it has to be a folder that you may write, or choose another`,
    { cause: error },
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
