import { chmod, lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { canEnter, serverAccount } from "./embedded-postgres/account.ts";
import { type Binaries, findBinaries } from "./embedded-postgres/binaries.ts";
import { type Cluster, ensureCluster, locateCluster } from "./embedded-postgres/cluster.ts";
import { DataFolderInUseError, EmbeddedPostgresError } from "./embedded-postgres/errors.ts";
import { type Ownership, takeOwnership } from "./embedded-postgres/ownership.ts";
import { findPostmaster, isCurrent, startPostmaster, stopPostmaster } from "./embedded-postgres/postmaster.ts";
import { isAlive } from "./embedded-postgres/process.ts";
import { RunningServer } from "./embedded-postgres/running-server.ts";

export { DataFolderInUseError, EmbeddedPostgresError };

/** A PostgreSQL server of our own, reachable through a Unix socket by this system's user only. */
export interface EmbeddedPostgres {
  /** Folder of the Unix socket; postgres.js takes it as `host`. */
  readonly socketDir: string;
  /** The number in the socket's name; nothing listens on TCP. */
  readonly port: number;
  /** Connection options for postgres.js. No password: the socket folder's permissions are the guard. */
  connection(options: { database: string; user: string }): {
    host: string;
    port: number;
    database: string;
    username: string;
  };
  /** Fast shutdown: returns when everything is on disk and the process is gone; removes an ephemeral folder. */
  stop(): Promise<void>;
}

/** What {@link startEmbeddedPostgres} needs to know. */
export interface EmbeddedPostgresOptions {
  /** Folder for the cluster and its log, made when missing; `"ephemeral"` for a temporary one. */
  readonly dataDir: string;
  /** What this process serves, in a few words; shown to whoever tries to start on the same folder. */
  readonly describeOwner: string;
  /** Told what takes long or is out of the ordinary, one line each. */
  readonly log?: (line: string) => void;
  /** Where root keeps what the server's account cannot reach in its place. */
  readonly stateDir?: string;
}

const EPHEMERAL_PREFIX = "orrery-ephemeral-";
const START_TIMEOUT_MS = 60_000;

/**
 * Starts PostgreSQL on a data folder, or adopts the server that a killed process left running on it, and makes this
 * process the owner of the folder until {@link EmbeddedPostgres.stop}. A server that ends by itself meanwhile is
 * started again in its place. The superuser is `postgres`.
 *
 * @throws DataFolderInUseError when a live process owns the folder
 * @throws EmbeddedPostgresError for everything else that a person has to put right; nothing is ever deleted
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log = () => {}, stateDir = "/var/lib/orrery" } = options;
  const ephemeral = options.dataDir === "ephemeral";
  if (ephemeral) {
    await removeAbandoned(stateDir);
  }
  const dataDir = ephemeral ? await makeEphemeralFolder() : resolve(options.dataDir);
  try {
    const cluster = await locateCluster({ dataDir, stateDir, log });
    const binaries = await findBinaries({ account: cluster.account, stateDir, log });
    await ensureCluster(cluster, { binaries, durable: !ephemeral, log });
    const { server, ownership } = await own(cluster, binaries, { owner: options.describeOwner, log });
    const { socketDir, port } = server.postmaster;
    let stopped: Promise<void> | undefined;
    return {
      socketDir,
      port,
      connection: ({ database, user }) => ({ host: socketDir, port, database, username: user }),
      stop: () => (stopped ??= stop(server, ownership, ephemeral ? dataDir : undefined)),
    };
  } catch (error) {
    if (ephemeral) {
      await rm(dataDir, { recursive: true, force: true });
    }
    throw error;
  }
}

/** Repeats until a server is ours: others may start, stop or die on the same folder meanwhile. */
async function own(
  cluster: Cluster,
  binaries: Binaries,
  options: { owner: string; log: (line: string) => void },
): Promise<{ server: RunningServer; ownership: Ownership }> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const orphan = await findPostmaster(cluster);
    const postmaster = orphan ?? (await startPostmaster(cluster, binaries));
    if (postmaster === undefined) {
      await sleep(50);
      continue;
    }
    const server = new RunningServer(postmaster, { cluster, binaries, log: options.log });
    const outcome = await takeOwnership(postmaster, {
      owner: options.owner,
      revive: (signal) => server.revive(signal),
    });
    switch (outcome.kind) {
      case "held":
        throw new DataFolderInUseError(cluster.dataDir, outcome.pid, outcome.owner);
      case "unreachable":
        await sleep(20);
        continue;
      case "taken":
        if (
          orphan &&
          !(await isCurrent(cluster, binaries, {
            socketDir: orphan.socketDir,
            version: outcome.ownership.serverVersion,
          }))
        ) {
          options.log(`restarting the PostgreSQL (process ${orphan.pid}) left by a process that was killed`);
          await stop(server, outcome.ownership, undefined);
          continue;
        }
        if (orphan) {
          options.log(`took over the PostgreSQL (process ${orphan.pid}) left by a process that was killed`);
        }
        return { server, ownership: outcome.ownership };
    }
  }
  const pid = (await findPostmaster(cluster))?.pid;
  throw new EmbeddedPostgresError(
    "not-started",
    `PostgreSQL on ${cluster.dataDir} ${pid ? `(process ${pid}) ` : ""}does not answer on its socket: end it with kill -INT and start again; log: ${cluster.logFile}`,
  );
}

async function stop(server: RunningServer, ownership: Ownership, folder: string | undefined): Promise<void> {
  // The lock is held to the end: nobody else can adopt a server that is about to stop.
  await ownership.expectEnd();
  await stopPostmaster(server.postmaster);
  await ownership.release();
  if (folder !== undefined) {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeEphemeralFolder(): Promise<string> {
  const account = serverAccount();
  const parent = canEnter(account, tmpdir()) ? tmpdir() : "/tmp";
  const folder = await mkdtemp(join(parent, `${EPHEMERAL_PREFIX}${process.pid}-`));
  await chmod(folder, 0o755);
  return folder;
}

/** Ephemeral servers whose process was killed have nobody else to stop them. */
async function removeAbandoned(stateDir: string): Promise<void> {
  for (const parent of new Set([tmpdir(), "/tmp"])) {
    for (const name of await readdir(parent)) {
      const pid = Number(new RegExp(`^${EPHEMERAL_PREFIX}(\\d+)-`).exec(name)?.[1]);
      if (!Number.isInteger(pid) || isAlive(pid)) {
        continue;
      }
      const dataDir = join(parent, name);
      try {
        if ((await lstat(dataDir)).uid !== process.getuid?.()) {
          continue;
        }
        const postmaster = await findPostmaster(await locateCluster({ dataDir, stateDir, log: () => {} }));
        if (postmaster) {
          await stopPostmaster(postmaster);
        }
        await rm(dataDir, { recursive: true, force: true });
      } catch {
        // Another start is removing it too.
      }
    }
  }
}
