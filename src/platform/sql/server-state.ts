import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ISql } from "postgres";
import type { DatabaseAddress } from "../config/environment.ts";
import type { Logger } from "../logging/logger.ts";
import { connectionClosed } from "./lost-connection.ts";
import { isQuery, type Query } from "./query.ts";
import { isDiskFull, isStoreUnavailable } from "./store-unavailable.ts";

/** Servers in trouble, as far as this process knows, and when each trouble was last met. */
const away = new Map<string, number>();
const full = new Map<string, number>();

/** Errors of which a server's trouble was told, or was known. */
const noted = new WeakSet<object>();

/** Whether somebody who asked a server has taken note of this error; of a connection that was lost before, too. */
export function isNoted(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return noted.has(error) || ("code" in error && error.code === connectionClosed);
}

/** How a server is told. */
export function serverName({ host, port }: DatabaseAddress): string {
  return `PostgreSQL at ${host}:${port}`;
}

/** Others may still be refused by a server that has answered one, such as for too many connections. */
const awayCalmMs = 1_500;
/** Where there is no room for a new page there may be some in an old one: one success says little. */
const fullCalmMs = 30_000;

/** How the driver says that this process has closed the connection itself. */
const closedByUs = new Set<unknown>(["CONNECTION_ENDED", "CONNECTION_DESTROYED"]);

/**
 * Tells of a server that does not answer, or has no room on its disk, and of the end of that: a line each, whoever in
 * this process meets it first. The end is a warning too, to be seen wherever the beginning was.
 */
export class ServerState {
  readonly #name: string;
  readonly #address: DatabaseAddress;
  readonly #log: Logger;

  constructor(address: DatabaseAddress, log: Logger) {
    this.#name = serverName(address);
    this.#address = address;
    this.#log = log;
  }

  /** Takes note of what a statement failed with. */
  failed(error: unknown): void {
    if (!(error instanceof Error) || !isStoreUnavailable(error)) return;
    if ("code" in error && closedByUs.has(error.code)) return;
    noted.add(error);
    const trouble = isDiskFull(error) ? full : away;
    const isKnown = trouble.has(this.#name);
    trouble.set(this.#name, performance.now());
    if (isKnown) return;
    if (trouble === away) {
      this.#log.error({ error }, `${this.#name} does not answer; calls that need it fail until it does`);
      return;
    }
    const folder = dataFolder(this.#address);
    this.#log.error(
      `${this.#name} has no room on its disk (${error.message})${folder === undefined ? "" : `; its data is in ${folder}`}: what has to be written is refused until there is some. Make room; nothing needs a restart.`,
    );
  }

  /** Takes note of an answer, and of whether it told that something was written. */
  #answered(hasWritten: boolean): void {
    if (isOver(away.get(this.#name), awayCalmMs)) {
      away.delete(this.#name);
      this.#log.warn(`${this.#name} answers again`);
    }
    if (hasWritten && isOver(full.get(this.#name), fullCalmMs)) {
      full.delete(this.#name);
      this.#log.warn(`${this.#name} has room on its disk again`);
    }
  }

  /** The same pool, transaction or session, whose statements are taken note of. */
  watching<T extends ISql>(sql: T): T {
    const watched = (call: object, self: unknown, args: readonly unknown[]) => {
      const made = Reflect.apply(call as never, self, args) as unknown;
      if (isQuery(made)) this.#watch(made);
      return made;
    };
    return new Proxy(sql, {
      apply: (target, self, args) => watched(target, self, args),
      get(target, property, receiver) {
        const value = Reflect.get(target, property, receiver) as object;
        return property === "unsafe" ? (...args: unknown[]) => watched(value, target, args) : value;
      },
    });
  }

  #watch(query: Query): void {
    const { resolve, reject } = query;
    query.resolve = (value) => {
      if (away.size + full.size > 0) this.#answered(hasWritten(value));
      resolve(value);
    };
    query.reject = (error) => {
      this.failed(error);
      reject(error);
    };
  }
}

function isOver(lastMet: number | undefined, calmMs: number): boolean {
  return lastMet !== undefined && performance.now() - lastMet > calmMs;
}

/** Whether a result is that of a statement that has changed something. */
function hasWritten(result: unknown): boolean {
  if (typeof result !== "object" || result === null || !("command" in result) || !("count" in result)) return false;
  return result.command !== "SELECT" && typeof result.count === "number" && result.count > 0;
}

/** Where a server on this machine keeps its data, from the lock of its socket; undefined when that is not ours to read. */
function dataFolder({ host, port }: DatabaseAddress): string | undefined {
  if (!host.startsWith("/")) return undefined;
  try {
    const [, folder] = readFileSync(join(host, `.s.PGSQL.${port}.lock`), "utf8").split("\n");
    return folder;
  } catch {
    return undefined;
  }
}
