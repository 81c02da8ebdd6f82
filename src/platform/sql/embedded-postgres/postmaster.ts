import { execFile, spawn } from "node:child_process";
import { chown, mkdtemp, open, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { canEnter } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { type Cluster, cannotRun, explain } from "./cluster.ts";
import { EmbeddedPostgresError } from "./errors.ts";
import { isAlive } from "./process.ts";

/** A server process of a cluster, whoever started it. */
export interface Postmaster {
  readonly pid: number;
  readonly socketDir: string;
  readonly port: number;
}

const SOCKET_DIR_PREFIX = "orrery-pg-";
const POLL_MS = 5;
const STOP_TIMEOUT_MS = 15_000;
/** Recovery after a crash replays at most `max_wal_size`, which takes seconds; a slow disk gets a minute. */
const READY_TIMEOUT_MS = 60_000;
const LOG_LIMIT_BYTES = 8 * 1024 * 1024;

/** Durable, and as small as a shop on a laptop wants it. What is not named here keeps PostgreSQL's default. */
const SETTINGS = {
  listen_addresses: "",
  port: "5432",
  unix_socket_permissions: "0700",
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  max_connections: "100",
  shared_buffers: "32MB",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_replication_slots: "0",
  max_logical_replication_workers: "0",
  min_wal_size: "32MB",
  max_wal_size: "256MB",
  io_method: "sync",
  jit: "off",
  max_parallel_workers_per_gather: "0",
  max_parallel_maintenance_workers: "0",
  autovacuum_max_workers: "1",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
  log_line_prefix: "%m [%p] ",
} as const;

/**
 * The server that runs on the cluster, if any. What one left that has ended is removed: a postmaster.pid whose process
 * is another program, and its socket folder unless that is to be kept.
 */
export async function findPostmaster(cluster: Cluster, keptSocketDir?: string): Promise<Postmaster | undefined> {
  const file = join(cluster.path, "postmaster.pid");
  const lines = (await readFile(file, "utf8").catch(() => "")).split("\n");
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) {
    return undefined;
  }
  const socketDir = lines[4] ?? "";
  if (isAlive(pid)) {
    if (await isPostmasterOf(cluster, pid)) {
      return { pid, socketDir, port: Number(lines[3]) };
    }
    // PostgreSQL itself would take the other program for a server and refuse to start.
    await rm(file, { force: true });
  }
  if (socketDir !== keptSocketDir) await removeSocketDir(socketDir);
  return undefined;
}

/** Whether a server of the cluster is still there. */
export async function isRunning(cluster: Cluster, { pid }: Postmaster): Promise<boolean> {
  return isAlive(pid) && (await isPostmasterOf(cluster, pid));
}

async function isPostmasterOf(cluster: Cluster, pid: number): Promise<boolean> {
  try {
    const command =
      process.platform === "linux"
        ? (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ")
        : (await promisify(execFile)("ps", ["-ww", "-o", "command=", "-p", String(pid)])).stdout;
    return command.includes(`-D ${cluster.path} `);
  } catch {
    // It ended meanwhile.
    return false;
  }
}

/**
 * Starts a server and waits until it accepts connections. Returns undefined when another start was faster.
 *
 * @param options.socketDir a folder that is there already, and is kept whatever becomes of the server
 * @param options.signal ends the server that is being started
 * @throws EmbeddedPostgresError with the last telling line of the log
 */
export async function startPostmaster(
  cluster: Cluster,
  binaries: Binaries,
  options: { readonly socketDir?: string; readonly signal?: AbortSignal } = {},
): Promise<Postmaster | undefined> {
  const { account } = cluster;
  await keepLogShort(cluster.logFile);
  const socketDir = options.socketDir ?? (await makeSocketDir(cluster));
  const log = await open(cluster.logFile, "a");
  const logStart = (await log.stat()).size;
  // Its own session, for Ctrl-C and a closed terminal signal the whole process group; its output goes to a file,
  // for a pipe to a dead owner would block it.
  const child = spawn(binaries.postgres, serverArguments(cluster, socketDir), {
    cwd: "/",
    env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" },
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    ...(account.foreign ? { uid: account.uid, gid: account.gid } : {}),
  });
  child.unref();
  const ended = new Promise<Error>((resolve) => {
    child.once("error", (error) => resolve(cannotRun(binaries.postgres, error)));
    child.once("exit", (code, signal) => resolve(new Error(`it ended with ${signal ?? `status ${code}`}`)));
  });
  const waiting = new AbortController();
  const end = () => send(child.pid ?? 0, "SIGINT");
  options.signal?.addEventListener("abort", end, { once: true });
  try {
    const failure = await Promise.race([ended, untilReady(cluster, child.pid, waiting.signal)]);
    if (failure === undefined) {
      return { pid: child.pid ?? 0, socketDir, port: Number(SETTINGS.port) };
    }
    if (options.socketDir === undefined) await removeSocketDir(socketDir);
    if (failure instanceof EmbeddedPostgresError) {
      throw failure;
    }
    const output = (await readFile(cluster.logFile)).subarray(logStart).toString();
    if (/lock file "postmaster.pid" already exists|pre-existing shared memory block/.test(output)) {
      return undefined;
    }
    throw await explain(cluster, output, failure.message);
  } finally {
    waiting.abort();
    options.signal?.removeEventListener("abort", end);
    await log.close();
  }
}

/** Whether the server was started with today's settings and programs. */
export async function isCurrent(
  cluster: Cluster,
  binaries: Binaries,
  server: { socketDir: string; version: string },
): Promise<boolean> {
  const started = await readFile(join(cluster.path, "postmaster.opts"), "utf8").catch(() => "");
  const expected = [
    binaries.postgres,
    ...serverArguments(cluster, server.socketDir).map((argument) => `"${argument}"`),
  ];
  return started.trim() === expected.join(" ") && server.version.split(" ")[0] === binaries.version;
}

/**
 * Fast shutdown: sessions are ended, everything is written, and the process is gone when this returns.
 *
 * @throws EmbeddedPostgresError `not-started` when it does not end
 */
export async function stopPostmaster(postmaster: Postmaster): Promise<void> {
  send(postmaster.pid, "SIGINT");
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while (isAlive(postmaster.pid)) {
    if (performance.now() > deadline) {
      throw new EmbeddedPostgresError("not-started", `PostgreSQL (process ${postmaster.pid}) does not stop`);
    }
    await sleep(POLL_MS);
  }
  await removeSocketDir(postmaster.socketDir);
}

function serverArguments(cluster: Cluster, socketDir: string): string[] {
  const settings = { ...SETTINGS, unix_socket_directories: socketDir };
  return ["-D", cluster.path, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

/** The last line of postmaster.pid tells the state; this is what pg_ctl waits for too. */
async function untilReady(
  cluster: Cluster,
  pid: number | undefined,
  signal: AbortSignal,
): Promise<undefined | EmbeddedPostgresError> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline && !signal.aborted) {
    const lines = (await readFile(join(cluster.path, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
    if (Number(lines[0]) === pid && lines[7]?.trim() === "ready") {
      return undefined;
    }
    await sleep(POLL_MS);
  }
  return new EmbeddedPostgresError(
    "not-started",
    `PostgreSQL on ${cluster.dataDir} was not ready within ${READY_TIMEOUT_MS / 1000} s; log: ${cluster.logFile}`,
  );
}

/** Socket paths are limited to about 104 bytes and PostgreSQL splits the setting at commas: keep it short and plain. */
async function makeSocketDir(cluster: Cluster): Promise<string> {
  const preferred = tmpdir();
  const usable = preferred.length <= 60 && /^[\w/.+-]+$/.test(preferred) && canEnter(cluster.account, preferred);
  const folder = await mkdtemp(join(usable ? preferred : "/tmp", SOCKET_DIR_PREFIX));
  await chown(folder, cluster.account.uid, cluster.account.gid);
  return folder;
}

/** Removes a socket folder of ours; anything else named by a postmaster.pid is left alone. */
async function removeSocketDir(folder: string): Promise<void> {
  if (basename(folder).startsWith(SOCKET_DIR_PREFIX) && dirname(folder) !== "/") {
    await rm(folder, { recursive: true, force: true });
  }
}

async function keepLogShort(logFile: string): Promise<void> {
  const { size } = await stat(logFile);
  if (size > LOG_LIMIT_BYTES) {
    await rename(logFile, `${logFile}.1`);
  }
}

function send(pid: number, name: NodeJS.Signals): void {
  // Nought stands for the whole process group.
  if (pid === 0) return;
  try {
    process.kill(pid, name);
  } catch {
    // Already gone.
  }
}
