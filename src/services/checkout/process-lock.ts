import { randomInt } from "node:crypto";
import type { ReservedSql } from "postgres";
import type { Logger } from "../../platform/logging/logger.ts";
import type { Sql } from "../../platform/sql/database.ts";

/** First half of the advisory locks' names: "ordr". */
export const lockClass = 0x6f726472;

/**
 * A number that stands for this process as long as it lives: an advisory lock of that number is held on a connection of
 * its own, and PostgreSQL drops it with the connection when the process dies, however it does.
 */
export class ProcessLock {
  readonly number = randomInt(1, 2 ** 31 - 1);
  readonly #sql: Sql;
  readonly #log: Logger;
  #connection: ReservedSql<{ bigint: bigint }> | undefined;

  constructor(sql: Sql, log: Logger) {
    this.#sql = sql;
    this.#log = log;
  }

  /** Takes the lock, or takes it again when its connection was lost. */
  async hold(): Promise<void> {
    if (this.#connection !== undefined) {
      try {
        await this.#connection`select 1`;
        return;
      } catch (error) {
        this.#log.warn({ error }, "The connection that marks this process as alive was lost");
        this.#connection.release();
        this.#connection = undefined;
      }
    }
    const connection = await this.#sql.reserve();
    await connection`select pg_advisory_lock(${lockClass}, ${this.number})`;
    this.#connection = connection;
  }

  async release(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    await connection`select pg_advisory_unlock(${lockClass}, ${this.number})`.catch(() => {});
    connection.release();
  }
}
