import { setTimeout as sleep } from "node:timers/promises";
import { type BaseOptions, Consumer as Client, ListOffsetTimestamps } from "@platformatic/kafka";
import type { Logger } from "../logging/logger.ts";
import type { ConsumeOptions, Consumer } from "./event-log.ts";
import type { DeadLetter } from "./handle-event.ts";
import { requireSupport } from "./kafka-broker.ts";
import { endClient, type KafkaClient, recordOffsets } from "./kafka-client.ts";
import { Partitions, type ReceivedRecord, windowSize } from "./kafka-partitions.ts";

export interface KafkaConsumerOptions {
  readonly connection: BaseOptions & { readonly bootstrapBrokers: string[] };
  readonly options: ConsumeOptions;
  readonly setAside: (event: ReceivedRecord, letter: DeadLetter) => Promise<void>;
  readonly log: Logger;
}

/** A member that is not heard of for so long is out of the group, in milliseconds. */
const sessionMs = 10_000;
const heartbeatMs = 1_000;
/** After so many heartbeats while a fetch was only repeated, it is the client that is mistaken. */
const futileHeartbeats = 5;
/** Heartbeats may fail to be answered for so long before the consumer counts as cut off, in milliseconds. */
const silenceMs = 5_000;

/**
 * A member of a Kafka group. It keeps its partitions over rebalances that leave them to it (cooperative-sticky), and
 * with them what is being handled. The client reconnects by itself; when it gives up, a new one is made.
 */
export class KafkaConsumer implements Consumer {
  readonly #options: KafkaConsumerOptions;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #failures = 0;
  /** When the group last answered this member. */
  #heardAt: number | undefined;

  constructor(options: KafkaConsumerOptions) {
    const { group, topic } = options.options;
    this.#options = options;
    this.#log = options.log.child({ group, topic });
    this.#loop = this.#run();
  }

  isConnected(): boolean {
    return this.#heardAt !== undefined && performance.now() - this.#heardAt < silenceMs;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#asMember();
      } catch (error) {
        if (signal.aborted) return;
        this.#log[this.#failures++ === 0 ? "error" : "debug"]({ error }, "Events cannot be consumed now");
      }
      await sleep(Math.min(100 * 2 ** this.#failures, 2_000), undefined, { signal }).catch(() => {});
    }
  }

  /** Works as a member of the group until stopped or until the client has given up. */
  async #asMember(): Promise<void> {
    const { connection, options } = this.#options;
    const over = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, over.signal]);
    let broken: unknown;
    const giveUp = (error: unknown) => {
      broken ??= error;
      over.abort();
    };
    const client: KafkaClient = new Client({
      ...connection,
      groupId: options.group,
      protocols: [{ name: "cooperative-sticky", version: 1 }],
      sessionTimeout: sessionMs,
      rebalanceTimeout: 2 * sessionMs,
      heartbeatInterval: heartbeatMs,
      heartbeatStallTimeout: 6 * sessionMs,
      // About a minute; then a new client has more to gain.
      retries: 120,
      retryDelay: 500,
      maxWaitTime: 1_000,
      maxBytes: 4 * 1_024 * 1_024,
      autocommit: false,
    });
    client.on("error", giveUp);
    client.on("consumer:heartbeat:stalled", ({ lastError }) => giveUp(lastError ?? new Error("No heartbeat")));
    // A topic that was deleted and made again has another id, and the client asks for the old one for ever.
    let heartbeats = 0;
    client.on("consumer:heartbeat:end", () => {
      heartbeats++;
      this.#heardAt = performance.now();
    });
    client.on("client:performWithRetry:retry", (operation, attempt) => {
      if (operation !== "fetch") return;
      if (attempt === 0) heartbeats = 0;
      if (heartbeats >= futileHeartbeats) giveUp(new Error("Fetches fail although the group is there"));
    });
    const { topic } = options;
    const partitions = new Partitions({
      ...this.#options,
      log: this.#log,
      signal,
      giveUp,
      record: (offsets) => recordOffsets(client, topic, offsets),
      async beginOf(partition) {
        const recorded = await client.listCommittedOffsets({ topics: [{ topic, partitions: [partition] }] });
        const offset = recorded.get(topic)?.[partition] ?? -1n;
        if (offset >= 0n) return offset;
        const oldest = await client.listOffsets({
          topics: [topic],
          partitions: { [topic]: [partition] },
          timestamp: ListOffsetTimestamps.EARLIEST,
        });
        return oldest.get(topic)?.[partition] ?? 0n;
      },
    });
    client.on("consumer:group:join", ({ assignments = [] }) => {
      this.#failures = 0;
      this.#heardAt = performance.now();
      partitions.assign(assignments);
    });
    const aborted = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    try {
      const join = async () => {
        await requireSupport(client, connection.bootstrapBrokers);
        return client.consume({
          topics: [topic],
          mode: "committed",
          fallbackMode: "earliest",
          autocommit: false,
          highWaterMark: Number(windowSize),
        });
      };
      const joining = join();
      joining.catch(giveUp);
      const stream = await Promise.race([joining, aborted]);
      if (stream !== undefined) {
        stream.once("error", giveUp);
        stream.once("close", () => giveUp(new Error("The stream of messages has ended")));
        const reading = (async () => {
          for await (const message of stream) await partitions.take(message);
        })();
        reading.catch(giveUp);
        await aborted;
      }
    } finally {
      over.abort();
      // What was begun is finished, and recorded while the partitions are still ours.
      await partitions.finish();
      await endClient(client.close(true));
      this.#heardAt = undefined;
    }
    if (broken !== undefined && !this.#stop.signal.aborted) throw broken;
  }
}
