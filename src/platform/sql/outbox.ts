import type { EventRecord } from "../events/event-log.ts";
import { WakeSignal } from "../lifecycle/wake-signal.ts";
import type { Logger } from "../logging/logger.ts";
import type { Sql, Transaction } from "./database.ts";
import { throughOutages } from "./through-outages.ts";

/**
 * The transactional outbox: what must happen because of a transaction is written with it, and done afterwards by a
 * relay, at least once (https://microservices.io/patterns/data/transactional-outbox.html). The table is the owner's:
 *
 *     create table outbox (
 *       id bigint generated always as identity primary key,
 *       topic text not null,
 *       key text not null,
 *       value bytea not null,
 *       headers jsonb not null,
 *       created_at timestamptz not null default now(),
 *       attempts int not null default 0,
 *       next_attempt_at timestamptz not null default now(),
 *       last_error text
 *     );
 */
export async function addToOutbox(tx: Transaction, entry: EventRecord): Promise<void> {
  await tx`insert into outbox (topic, key, value, headers)
    values (${entry.topic}, ${entry.key}, ${entry.value}, ${tx.json({ ...entry.headers })})`;
}

/** An entry that is due. */
export interface OutboxEntry extends EventRecord {
  readonly attempts: number;
}

export interface OutboxRelayOptions {
  readonly sql: Sql;
  readonly topic: string;
  /**
   * Does what the entries ask for; tells which of them it could not do, in the same order. Throws when that has nothing
   * to do with them: then no attempt counts, and all wait for the same thing.
   */
  readonly deliver: (entries: readonly OutboxEntry[]) => Promise<readonly DeliveryOutcome[]>;
  /** After so many attempts an entry stays in the table but is not tried again; by default it always is. */
  readonly maxAttempts?: number;
  /** Longest wait before a further attempt, in milliseconds. */
  readonly maxBackoffMs?: number;
  readonly batchSize?: number;
  readonly log: Logger;
}

export type DeliveryOutcome = { readonly delivered: true } | { readonly delivered: false; readonly error: unknown };

const pollMs = 1_000;

/**
 * Delivers what is in an outbox, oldest first. One relay per outbox and topic works at a time, whatever the number of
 * processes. An entry is due when those before it of the same key are delivered or given up, so that order per key is
 * kept. A clock that is put back keeps nothing waiting: what was never tried is due, and so is what would have to wait
 * longer than any entry does.
 */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions;
  readonly #stop = new AbortController();
  readonly #work = new WakeSignal();
  #loop: Promise<void> | undefined;
  /** Why an entry could not be delivered, if nothing was since: others that cannot for the same reason are no news. */
  #told: string | undefined;

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Says that something was added just now. */
  wake(): void {
    this.#work.wake();
  }

  /** Finishes the batch under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#work.wake();
    await this.#loop;
  }

  #run(): Promise<void> {
    const { log, topic } = this.#options;
    return throughOutages({
      work: async () => {
        if ((await this.deliverBatch()) === 0) await this.#work.wait(pollMs);
      },
      signal: this.#stop.signal,
      maxPauseMs: 2_000,
      tell: (level, error) => log[level]({ error, topic }, "The outbox cannot be relayed now"),
    });
  }

  /** Delivers what is due, up to the batch's size; returns how many entries were tried. */
  deliverBatch(): Promise<number> {
    const { sql, topic, deliver, maxAttempts = Infinity, maxBackoffMs = 30_000, batchSize = 100, log } = this.#options;
    return sql.begin(async (tx) => {
      const [lock] = await tx<{ held: boolean }[]>`
        select pg_try_advisory_xact_lock(hashtextextended(current_schema() || ' outbox ' || ${topic}, 0)) as held`;
      if (lock?.held !== true) return 0;
      const rows = await tx<Row[]>`
        select id, topic, key, value, headers, attempts from outbox as due
        where topic = ${topic} and next_attempt_at < 'infinity'
          and (attempts = 0 or next_attempt_at <= now()
            or next_attempt_at > now() + ${maxBackoffMs} * interval '1 millisecond')
          and not exists (
          select from outbox as earlier
          where earlier.topic = due.topic and earlier.key = due.key and earlier.id < due.id
            and earlier.next_attempt_at < 'infinity')
        order by id limit ${batchSize}`;
      if (rows.length === 0) return 0;
      const outcomes = await deliver(rows);
      const delivered: bigint[] = [];
      for (const [index, row] of rows.entries()) {
        const outcome = outcomes[index];
        if (outcome?.delivered === true) {
          delivered.push(row.id);
          continue;
        }
        const attempts = row.attempts + 1;
        const givenUp = attempts >= maxAttempts;
        const backoffMs = Math.min(100 * 2 ** Math.min(row.attempts, 20), maxBackoffMs) * (0.5 + Math.random() / 2);
        const reason = String(outcome?.error ?? "no outcome").slice(0, 500);
        await tx`update outbox set attempts = ${attempts}, last_error = ${reason},
          next_attempt_at = ${givenUp ? tx`'infinity'` : tx`clock_timestamp() + ${backoffMs} * interval '1 millisecond'`}
          where id = ${row.id}`;
        const about = { error: outcome?.error, topic, key: row.key, attempts };
        const level = reason === this.#told ? "debug" : "warn";
        if (givenUp) log.error(about, "An outbox entry is given up");
        else log[level](about, "An outbox entry could not be delivered and will be tried again");
        this.#told = reason;
      }
      if (delivered.length > 0) {
        this.#told = undefined;
        await tx`delete from outbox where id in ${tx(delivered)}`;
      }
      return rows.length;
    });
  }
}

interface Row extends OutboxEntry {
  readonly id: bigint;
}
