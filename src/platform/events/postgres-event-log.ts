import { WakeSignal } from "../lifecycle/wake-signal.ts";
import type { Logger } from "../logging/logger.ts";
import type { Database, Sql } from "../sql/database.ts";
import { throughOutages } from "../sql/through-outages.ts";
import type { ConsumeOptions, Consumer, EventLog, EventRecord, ReceivedEvent } from "./event-log.ts";
import { type DeadLetter, handleEvent } from "./handle-event.ts";
import { PartitionWork } from "./partition-work.ts";

/** The schema in which the services of a shop share the log. */
export const eventLogSchema = "events";
/** Migrations of the schema that {@link postgresEventLog} needs. */
export const eventLogMigrations = new URL("./migrations/", import.meta.url);

const channel = "orrery_events";
/** Messages handled or waited for beyond the oldest unfinished one. */
const windowSize = 64;
/** How often a consumer looks without having been notified. */
const pollMs = 1_000;
/** Messages older than this are dropped once every group has passed them; Kafka's default. */
const retentionDays = 7;
const retentionIntervalMs = 60 * 60_000;

/**
 * An event log in PostgreSQL. Publishers of a topic take turns on the topic's row, so that offsets follow the order
 * of commits and no consumer can pass a message that is not visible yet. Consumers are notified after the commit, in a
 * statement of its own, and poll besides.
 */
export function postgresEventLog(database: Database, log: Logger): EventLog {
  const { sql } = database;
  const consumers = new Set<PostgresConsumer>();
  const wakeAll = (topic: string) => {
    for (const consumer of consumers) consumer.wake(topic);
  };
  let isListening = false;
  const retention = setInterval(() => {
    dropOld(sql).catch((error) => log.warn({ error }, "Old events cannot be dropped now"));
  }, retentionIntervalMs).unref();

  return {
    async publish(events) {
      for (const [topic, group] of Map.groupBy(events, (event) => event.topic)) {
        await append(sql, topic, group);
      }
    },
    consume(options) {
      if (!isListening) {
        isListening = true;
        sql
          .listen(channel, wakeAll, () => wakeAllTopics(consumers))
          .catch((error) => {
            isListening = false;
            log.warn({ error }, "Notifications are not to be had now; events are polled for");
          });
      }
      const consumer = new PostgresConsumer(sql, options, log);
      consumers.add(consumer);
      return {
        isConnected: () => consumer.isConnected(),
        async stop() {
          consumers.delete(consumer);
          await consumer.stop();
        },
      };
    },
    async lag(group, topic) {
      const [row] = await sql<{ lag: number }[]>`
        select (topics.next_offset - coalesce(group_offsets.next_offset, 0))::float8 as lag
        from topics left join group_offsets
          on group_offsets.topic = topics.topic and consumer_group = ${group}
        where topics.topic = ${topic}`;
      return row?.lag ?? 0;
    },
    async close() {
      clearInterval(retention);
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      await database.close();
    },
  };
}

function wakeAllTopics(consumers: ReadonlySet<PostgresConsumer>): void {
  for (const consumer of consumers) consumer.wake(undefined);
}

/** Reserves offsets, writes and notifies in one statement, which is one transaction and one round trip. */
async function append(sql: Sql, topic: string, events: readonly EventRecord[]): Promise<void> {
  await sql`
    with reserved as (
      insert into topics (topic, next_offset) values (${topic}, ${events.length})
      on conflict (topic) do update set next_offset = topics.next_offset + excluded.next_offset
      returning next_offset - ${events.length} as first),
    appended as (
      insert into log (topic, "offset", key, value, headers)
      select ${topic}, reserved.first + event.position - 1, event.key, decode(event.value, 'hex'), event.headers::jsonb
      from reserved, unnest(
        ${events.map(({ key }) => key)}::text[],
        ${events.map(({ value }) => Buffer.from(value).toString("hex"))}::text[],
        ${events.map(({ headers }) => JSON.stringify(headers))}::text[]
      ) with ordinality as event (key, value, headers, position))
    select pg_notify(${channel}, ${topic})`;
}

async function dropOld(sql: Sql): Promise<void> {
  await sql`delete from log where published_at < now() - ${retentionDays} * interval '1 day' and not exists (
    select from group_offsets where group_offsets.topic = log.topic and next_offset <= log."offset")`;
}

/** A member of a group. One member at a time works on a topic; the others stand by and take over when it goes. */
class PostgresConsumer implements Consumer {
  readonly #sql: Sql;
  readonly #options: ConsumeOptions;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  readonly #work = new WakeSignal();
  #connected = false;

  constructor(sql: Sql, options: ConsumeOptions, log: Logger) {
    this.#sql = sql;
    this.#options = options;
    this.#log = log.child({ group: options.group, topic: options.topic });
    this.#loop = this.#run();
  }

  isConnected(): boolean {
    return this.#connected;
  }

  wake(topic: string | undefined): void {
    if (topic !== undefined && topic !== this.#options.topic) return;
    this.#work.wake();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#work.wake();
    await this.#loop;
  }

  #run(): Promise<void> {
    return throughOutages({
      work: (works) =>
        this.#asMember(works).finally(() => {
          this.#connected = false;
        }),
      signal: this.#stop.signal,
      maxPauseMs: 1_000,
      tell: (level, error) => this.#log[level]({ error }, "Events cannot be consumed now"),
    });
  }

  /** Works as the active member until stopped or the session that holds the lock is lost. */
  async #asMember(works: () => void): Promise<void> {
    const { group, topic } = this.#options;
    const lockName = `orrery events ${group} ${topic}`;
    const session = await this.#sql.reserve();
    try {
      while (!this.#stop.signal.aborted) {
        const [lock] = await session<
          { held: boolean }[]
        >`select pg_try_advisory_lock(hashtextextended(${lockName}, 0)) as held`;
        this.#connected = true;
        if (lock?.held === true) return await this.#consume(session, works);
        works();
        await this.#work.wait(pollMs);
      }
    } finally {
      session.release();
    }
  }

  /** Fetches and commits on the session that holds the lock, so that whoever lost it can do neither. */
  async #consume(session: Sql, works: () => void): Promise<void> {
    const { group, topic } = this.#options;
    const [row] = await session<{ next_offset: bigint }[]>`
      select next_offset from group_offsets where consumer_group = ${group} and topic = ${topic}`;
    let committed = row?.next_offset ?? 0n;
    const over = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, over.signal]);
    const work = new PartitionWork(committed, () => {
      if (work.failure !== undefined) over.abort();
      this.wake(topic);
    });
    /** Tells whether there was something to commit. */
    const commit = async () => {
      const done = work.finished;
      if (done === committed) return false;
      await session`
        insert into group_offsets (consumer_group, topic, next_offset) values (${group}, ${topic}, ${done})
        on conflict (consumer_group, topic) do update
          set next_offset = greatest(group_offsets.next_offset, excluded.next_offset)`;
      committed = done;
      return true;
    };

    try {
      while (!signal.aborted) {
        const room = Number(committed) + windowSize - Number(work.next);
        // Asks even when there is no room: the answer tells that the session is still there.
        const events = await session<Omit<ReceivedEvent, "attempt">[]>`
          select topic, "offset", key, value, headers, published_at as "publishedAt" from log
          where topic = ${topic} and "offset" >= ${work.next} order by "offset" limit ${Math.max(room, 0)}`;
        for (const event of events) {
          work.take(event, () =>
            handleEvent(event, {
              options: this.#options,
              setAside: (letter) => this.#setAside(event, letter),
              signal,
              log: this.#log,
            }),
          );
        }
        if ((await commit()) || committed === work.next) works();
        await this.#work.wait(pollMs);
      }
    } finally {
      // Whoever takes over, this process included, begins at what is committed: nothing of ours may still run beside.
      over.abort();
      await work.idle();
    }
    await commit();
    if (work.failure !== undefined) throw work.failure.error;
  }

  async #setAside(event: Omit<ReceivedEvent, "attempt">, { attempts, reason }: DeadLetter): Promise<void> {
    await this.#sql`
      insert into dead_letters (consumer_group, topic, "offset", key, value, headers, attempts, reason)
      values (${this.#options.group}, ${event.topic}, ${event.offset}, ${event.key}, ${event.value},
        ${this.#sql.json({ ...event.headers })}, ${attempts}, ${reason})
      on conflict do nothing`;
  }
}
