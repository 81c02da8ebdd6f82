import type { Binaries } from "./binaries.ts";
import type { Cluster } from "./cluster.ts";
import { EmbeddedPostgresError } from "./errors.ts";
import { findPostmaster, isRunning, type Postmaster, startPostmaster } from "./postmaster.ts";

/**
 * The server of a cluster over all its lives: one that ends by itself, such as on a full disk, is started again in its
 * place as soon as that works, and everybody finds it at the same socket.
 */
export class RunningServer {
  readonly #cluster: Cluster;
  readonly #binaries: Binaries;
  readonly #log: (line: string) => void;
  #postmaster: Postmaster;
  /** What was told last of a server that is down: an outage is a line for each reason, not one for each attempt. */
  #told: string | undefined;

  constructor(
    postmaster: Postmaster,
    options: { readonly cluster: Cluster; readonly binaries: Binaries; readonly log: (line: string) => void },
  ) {
    this.#postmaster = postmaster;
    this.#cluster = options.cluster;
    this.#binaries = options.binaries;
    this.#log = options.log;
  }

  /** The process that serves now, or did last. */
  get postmaster(): Postmaster {
    return this.#postmaster;
  }

  /** Starts the server again when it has ended; tells whether there is one. Never fails. */
  async revive(signal: AbortSignal): Promise<boolean> {
    try {
      if (await isRunning(this.#cluster, this.#postmaster)) return true;
      const { pid, socketDir } = this.#postmaster;
      if (this.#told === undefined) {
        this.#tell("ended", `PostgreSQL (process ${pid}) has ended by itself; starting it again`);
      }
      const other = await findPostmaster(this.#cluster, socketDir);
      if (other?.socketDir === socketDir) {
        // One that we have started took so long that the wait for it was given up.
        this.#isBack(other);
        return true;
      }
      if (other !== undefined) {
        const { dataDir } = this.#cluster;
        this.#tell("other", `${dataDir} is served by another PostgreSQL now (process ${other.pid}), not started by us`);
        return false;
      }
      const started = await startPostmaster(this.#cluster, this.#binaries, { socketDir, signal });
      if (started === undefined) return false;
      this.#isBack(started);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      const [reason, message] =
        error instanceof EmbeddedPostgresError ? [error.reason, error.message] : ["unknown", String(error)];
      this.#tell(reason, `${message}. It is started again as soon as that works`);
      return false;
    }
  }

  #isBack(postmaster: Postmaster): void {
    this.#postmaster = postmaster;
    this.#told = undefined;
    this.#log(`PostgreSQL is back (process ${postmaster.pid})`);
  }

  #tell(reason: string, line: string): void {
    if (reason !== this.#told) this.#log(line);
    this.#told = reason;
  }
}
