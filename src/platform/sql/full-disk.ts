import type { Logger } from "../logging/logger.ts";
import type { Sql } from "./database.ts";
import { isQuery, type Query } from "./query.ts";

/** disk_full, https://www.postgresql.org/docs/18/errcodes-appendix.html */
const diskFull = "53100";

/** Servers that have no room, as far as this process knows, and when something was last refused. */
const full = new Map<string, number>();

/** Where there is no room for a new page there may be some in an old one: one success says little. */
const calmMs = 30_000;

/** Tells of a server's full disk, and of room on it again: a line each, whoever in this process meets it first. */
export class FullDisk {
  readonly #server: string;
  readonly #log: Logger;

  /** @param server how it is told, such as `PostgreSQL at localhost:5432` */
  constructor(server: string, log: Logger) {
    this.#server = server;
    this.#log = log;
  }

  /** Takes note of what a statement failed with. */
  failed(error: unknown): void {
    if (!(error instanceof Error) || !("code" in error) || error.code !== diskFull) return;
    const isKnown = full.has(this.#server);
    full.set(this.#server, performance.now());
    if (isKnown) return;
    const { message } = error;
    this.#log.error(
      `${this.#server} has no room on its disk (${message}): what has to be written is refused until there is some. Make room; nothing needs a restart.`,
    );
  }

  /** Takes note of something that was written. */
  written(): void {
    const failedAt = full.get(this.#server);
    if (failedAt === undefined || performance.now() - failedAt < calmMs) return;
    full.delete(this.#server);
    this.#log.info(`${this.#server} has room on its disk again`);
  }

  /** The same pool, whose statements are taken note of. */
  watching(sql: Sql): Sql {
    return new Proxy(sql, {
      apply: (target, self, args) => {
        const made = Reflect.apply(target as never, self, args) as unknown;
        if (isQuery(made)) this.#watch(made);
        return made;
      },
    });
  }

  #watch(query: Query): void {
    const { resolve, reject } = query;
    query.resolve = (value) => {
      if (full.size > 0 && hasWritten(value)) this.written();
      resolve(value);
    };
    query.reject = (error) => {
      this.failed(error);
      reject(error);
    };
  }
}

/** Whether a result is that of a statement that has changed something. */
function hasWritten(result: unknown): boolean {
  if (typeof result !== "object" || result === null || !("command" in result) || !("count" in result)) return false;
  return result.command !== "SELECT" && typeof result.count === "number" && result.count > 0;
}
