import { StoreUnavailableError } from "../sql/store-unavailable.ts";

/** A message on a topic. */
export interface EventRecord {
  readonly topic: string;
  /** Messages of one key are consumed in the order in which they were published. */
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** A message as a consumer gets it. */
export interface ReceivedEvent extends EventRecord {
  readonly offset: bigint;
  readonly publishedAt: Date;
  /** 1 the first time. */
  readonly attempt: number;
}

/** A message that can never be handled, whatever the number of attempts: it is dead-lettered at once. */
export class PoisonEventError extends Error {
  override readonly name = "PoisonEventError";
}

/** The log cannot be reached now, which says nothing about what was to be published. */
export class EventLogUnavailableError extends StoreUnavailableError {
  override readonly name = "EventLogUnavailableError";
}

export interface ConsumeOptions {
  /** Each group gets every message once over all its members; a new group starts with the oldest. */
  readonly group: string;
  readonly topic: string;
  /** Must be idempotent: after a crash it sees messages again. */
  readonly handler: (event: ReceivedEvent) => Promise<void>;
  /** Attempts at a message before it goes to the dead letters; 5 unless told. */
  readonly attempts?: number;
  /** First wait before another attempt in milliseconds, doubling; 100 unless told. */
  readonly backoffMs?: number;
}

export interface Consumer {
  /** Whether it is connected and may receive. */
  isConnected(): boolean;
  /** Finishes what is being handled and records it; what was not handled comes again. */
  stop(): Promise<void>;
}

/**
 * The port to the event log: Kafka in the mesh, PostgreSQL in the embedded mode. At least once, in order per key; a
 * message that keeps failing is set aside with its reason and never holds up the others for long.
 */
export interface EventLog {
  /**
   * Returns when the messages are durable.
   *
   * @throws EventLogUnavailableError within seconds when the log cannot be reached; they may be published even so
   */
  publish(events: readonly EventRecord[]): Promise<void>;
  consume(options: ConsumeOptions): Consumer;
  /** How many messages of the topic the group has not finished yet. */
  lag(group: string, topic: string): Promise<number>;
  close(): Promise<void>;
}
