import { setTimeout as sleep } from "node:timers/promises";
import type { GroupAssignment, Message } from "@platformatic/kafka";
import { WakeSignal } from "../lifecycle/wake-signal.ts";
import { within } from "../lifecycle/within.ts";
import type { Logger } from "../logging/logger.ts";
import type { ConsumeOptions, ReceivedEvent } from "./event-log.ts";
import { type DeadLetter, handleEvent } from "./handle-event.ts";
import { PartitionWork } from "./partition-work.ts";

export type ReceivedRecord = Omit<ReceivedEvent, "attempt">;
export type KafkaMessage = Message<Buffer, Buffer, Buffer, Buffer>;

export interface PartitionsOptions {
  readonly options: ConsumeOptions;
  readonly setAside: (event: ReceivedRecord, letter: DeadLetter) => Promise<void>;
  readonly log: Logger;
  /** Ends what waits; what is being handled ends by itself. */
  readonly signal: AbortSignal;
  /** Says that this membership can go on no more. */
  readonly giveUp: (error: unknown) => void;
  /** Records that the group is done with everything before an offset, by partition. */
  readonly record: (offsets: ReadonlyMap<number, bigint>) => Promise<void>;
  /** Where the group goes on in a partition: at what is recorded, else at the oldest message. */
  readonly beginOf: (partition: number) => Promise<bigint>;
}

interface Held {
  /** Whether it came in a rebalance, not with the membership. */
  readonly isGained: boolean;
  readonly work: PartitionWork;
  readonly released: AbortController;
  /** Ends what waits, because the partition or the membership goes. */
  readonly signal: AbortSignal;
  readonly settled: WakeSignal;
  /** Timestamps of the messages that were taken last, by offset. */
  readonly taken: Map<bigint, bigint>;
  recorded: bigint;
}

/** Messages handled or waited for beyond the oldest unfinished one of a partition. */
export const windowSize = 64n;
/** How many offsets are remembered to tell a message that is fetched again; more than may be unrecorded. */
const remembered = 8 * Number(windowSize);
/** Longest wait for the last offsets to be recorded at a stop, in milliseconds. */
const lastRecordMs = 1_000;
const waitMs = 1_000;
/** Wait before offsets that could not be recorded are sent again, in milliseconds. */
const recordAgainMs = 250;

/**
 * The partitions that a member of a group holds, and the work on their messages.
 *
 * What was fetched of a partition before it went to another member may still arrive when it has come back. So in a
 * partition that comes in a rebalance every message must follow the one before it, and the first what is recorded;
 * where one does not, the membership ends, and the next begins at what is recorded. Kafka may leave out offsets by
 * right, which costs no more than that.
 */
export class Partitions {
  readonly #options: PartitionsOptions;
  readonly #held = new Map<number, Held>();
  /** Work on partitions that went to another member and may come back before it is done. */
  readonly #leaving = new Map<number, Promise<void>>();
  #assigned: ReadonlySet<number> | undefined;
  /** Where partitions begin that came in a rebalance. */
  readonly #begins = new Map<number, Promise<bigint>>();
  #recording: Promise<void> | undefined;
  #isFinished = false;

  constructor(options: PartitionsOptions) {
    this.#options = options;
  }

  /** Takes note of what the group has given to this member. */
  assign(assignments: readonly GroupAssignment[]): void {
    const { options, beginOf } = this.#options;
    const now = new Set(
      assignments.filter(({ topic }) => topic === options.topic).flatMap(({ partitions }) => partitions),
    );
    const before = this.#assigned;
    this.#assigned = now;
    for (const partition of before ?? []) {
      if (now.has(partition)) continue;
      this.#begins.delete(partition);
      this.#release(partition);
    }
    for (const partition of now) {
      if (before === undefined || before.has(partition)) continue;
      const begin = beginOf(partition);
      begin.catch(() => {});
      this.#begins.set(partition, begin);
    }
  }

  /** Takes a message to be handled; waits while its partition has no room. */
  async take(message: KafkaMessage): Promise<void> {
    const { partition, offset, timestamp } = message;
    if (!this.#assigned?.has(partition)) return;
    let held = this.#held.get(partition);
    // After a rebalance what is not recorded is fetched again.
    if (held?.taken.get(offset) === timestamp) return;
    // Not the same message at an offset that was taken: the topic is another of that name.
    if (held !== undefined && offset < held.work.next) this.#release(partition);
    held = this.#held.get(partition) ?? (await this.#hold(message));
    if (held === undefined) return;
    const { work, settled, taken } = held;
    if (held.isGained) mustFollow(work.next, message);
    const isOver = () => this.#options.signal.aborted || this.#held.get(partition) !== held;
    while (!isOver() && work.finished < work.next && offset - work.finished >= windowSize) await settled.wait(waitMs);
    if (isOver()) return;
    taken.set(offset, timestamp);
    const [oldest] = taken.keys();
    if (taken.size > remembered && oldest !== undefined) taken.delete(oldest);
    const event = received(message);
    // Messages without a key have no order among them.
    const key = event.key === "" ? `offset ${offset}` : `key ${event.key}`;
    work.take({ offset, key }, () => this.#handle(event, held));
  }

  /** Waits for what is being handled, and records it. */
  async finish(): Promise<void> {
    const held = [...this.#held.values()];
    await Promise.all([...held.map(({ work }) => work.idle()), ...this.#leaving.values()]);
    await within(lastRecordMs, this.#record(), "Offsets cannot be recorded").catch(() => {});
    this.#isFinished = true;
  }

  /** Begins to hold a partition, at its first message; undefined when it is gone again meanwhile. */
  async #hold(message: KafkaMessage): Promise<Held | undefined> {
    const { partition, offset: first } = message;
    const begins = this.#begins.get(partition);
    await this.#leaving.get(partition);
    const begin = await begins;
    const isGone = !this.#assigned?.has(partition) || this.#begins.get(partition) !== begins;
    if (isGone || this.#options.signal.aborted) return undefined;
    this.#begins.delete(partition);
    if (begin !== undefined) mustFollow(begin, message);
    const settled = new WakeSignal();
    const work = new PartitionWork(first, () => {
      settled.wake();
      if (this.#held.get(partition) !== held) return;
      if (work.failure !== undefined) this.#options.giveUp(work.failure.error);
      void this.#record();
    });
    const released = new AbortController();
    const held: Held = {
      isGained: begin !== undefined,
      work,
      settled,
      released,
      signal: AbortSignal.any([this.#options.signal, released.signal]),
      taken: new Map(),
      recorded: first,
    };
    this.#held.set(partition, held);
    return held;
  }

  /** Lets a partition go: nothing more of it is begun or recorded here. */
  #release(partition: number): void {
    const held = this.#held.get(partition);
    if (held === undefined) return;
    this.#held.delete(partition);
    held.released.abort();
    held.settled.wake();
    const before = this.#leaving.get(partition);
    const leaving = Promise.all([before, held.work.idle()]).then(() => {
      if (this.#leaving.get(partition) === leaving) this.#leaving.delete(partition);
    });
    this.#leaving.set(partition, leaving);
  }

  #handle(event: ReceivedRecord, { signal }: Held): Promise<void> {
    const { options, setAside, log } = this.#options;
    return handleEvent(event, { options, signal, log, setAside: (letter) => setAside(event, letter) });
  }

  /** Records what is finished, and what is finished meanwhile after it. */
  #record(): Promise<void> {
    this.#recording ??= this.#recordAll().finally(() => {
      this.#recording = undefined;
    });
    return this.#recording;
  }

  async #recordAll(): Promise<void> {
    for (;;) {
      const due = [...this.#held].filter(([, { work, recorded }]) => work.finished > recorded);
      if (due.length === 0) return;
      const offsets = new Map(due.map(([partition, { work }]) => [partition, work.finished]));
      try {
        await this.#options.record(offsets);
        for (const [partition, held] of due) held.recorded = offsets.get(partition) ?? held.recorded;
      } catch (error) {
        // A rebalance, or a broker that is away: both are the heartbeat's to mend.
        this.#options.log.debug({ error }, "Offsets cannot be recorded now");
        await sleep(recordAgainMs);
        if (this.#isFinished) return;
      }
    }
  }
}

function mustFollow(next: bigint, { partition, offset }: KafkaMessage): void {
  if (offset > next) throw new Error(`Messages ${next} to ${offset} of partition ${partition} may have been left out`);
}

function received(message: KafkaMessage): ReceivedRecord {
  const headers: Record<string, string> = {};
  for (const [name, value] of message.headerEntries) headers[text(name)] = text(value);
  return {
    topic: message.topic,
    key: text(message.key),
    value: message.value ?? Buffer.of(),
    headers,
    offset: message.offset,
    publishedAt: new Date(Number(message.timestamp)),
  };
}

/** Keys and headers may be missing, whatever the types say: anybody can write to a topic. */
function text(bytes: Buffer | undefined): string {
  return bytes?.toString() ?? "";
}
