import {
  Admin,
  compatibilityPartitioner,
  findErrorBy,
  ListOffsetTimestamps,
  ProduceAcks,
  Producer,
} from "@platformatic/kafka";
import { within } from "../lifecycle/within.ts";
import type { Logger } from "../logging/logger.ts";
import { isStoreUnavailable } from "../sql/store-unavailable.ts";
import { type EventLog, EventLogUnavailableError, type EventRecord } from "./event-log.ts";
import { requireSupport } from "./kafka-broker.ts";
import { endClient } from "./kafka-client.ts";
import { KafkaConsumer } from "./kafka-consumer.ts";

export interface KafkaOptions {
  /** `host:port` of one broker or more; the others are learnt from these. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log: Logger;
}

/** Where messages go that a group could not handle. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dead-letter`;
}

/** A publication is given up after so long, in milliseconds: a stop waits for it, and the outbox tries again. */
const publishMs = 3_000;

/** A broker takes 1 MiB at once unless it is told otherwise (message.max.bytes), what surrounds messages included. */
const maxBatchBytes = 512 * 1_024;

/**
 * The event log on Kafka. Messages are as the OpenTelemetry Demo has them: value and headers as published, the key
 * besides, by which they are spread over partitions as Java's clients do. Topics begin with their first message.
 *
 * Nothing is asked of the broker before it is needed: it may be away at the start, and at any time later.
 */
export function kafkaEventLog({ brokers, clientId, log }: KafkaOptions): EventLog {
  const connection = {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: 2_000,
    timeout: 5_000,
    retryDelay: 250,
    autocreateTopics: true,
  };
  const consumers = new Set<KafkaConsumer>();
  const admin = new Admin({ ...connection, autocreateTopics: false, retries: 1 });
  /** One that a broker has taken messages from, after it has told that it can do what is asked of it. */
  let producer: Producer<string, Buffer, string, string> | undefined;
  let lastPublication: Promise<unknown> = Promise.resolve();

  /** One at a time, so that the order on the wire is that of the calls whatever has to be repeated. */
  function publish(events: readonly EventRecord[]): Promise<void> {
    const publication = lastPublication.then(async () => {
      for (const batch of batches(events)) await send(batch);
    });
    lastPublication = publication.catch(() => {});
    return publication;
  }

  function newProducer(): Producer<string, Buffer, string, string> {
    return new Producer({
      ...connection,
      retries: 8,
      // What is repeated because its answer was lost is written once.
      idempotent: true,
      acks: ProduceAcks.ALL,
      partitioner: compatibilityPartitioner,
      repeatOnStaleMetadata: true,
      serializers: { key: bytesOrNone, value: (value) => value, headerKey: bytes, headerValue: bytes },
    });
  }

  async function send(events: readonly EventRecord[]): Promise<void> {
    const using = producer ?? newProducer();
    const sending = async () => {
      if (using !== producer) await requireSupport(using, brokers);
      await using.send({ messages: events.map(toMessage) });
    };
    try {
      await within(publishMs, sending(), "The broker does not answer");
      producer = using;
    } catch (cause) {
      // What it knows of brokers and sequences may be what is wrong.
      producer = undefined;
      await endClient(using.close());
      if (isRefusal(cause) || cause instanceof EventLogUnavailableError) throw cause;
      throw new EventLogUnavailableError(`Kafka at ${brokers.join(",")} cannot be reached`, { cause });
    }
  }

  return {
    publish,
    consume(options) {
      const consumer = new KafkaConsumer({
        connection,
        options,
        log,
        async setAside(event, { attempts, reason }) {
          const letter = {
            ...event,
            topic: deadLetterTopic(event.topic),
            headers: {
              ...event.headers,
              "dead-letter-group": options.group,
              "dead-letter-offset": event.offset.toString(),
              "dead-letter-attempts": String(attempts),
              "dead-letter-reason": reason,
            },
          };
          await publish([letter]).catch((error) => {
            if (isStoreUnavailable(error)) throw error;
            // Too large with its reason: better a letter without the message than a message that holds up all others.
            return publish([{ ...letter, value: Buffer.of() }]);
          });
        },
      });
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
      const known = await admin.metadata({ topics: [topic] }).catch((error) => {
        if (/^Unknown topic/.test(error.message)) return undefined;
        throw error;
      });
      const count = known?.topics.get(topic)?.partitionsCount ?? 0;
      if (count === 0) return 0;
      const partitions = Array.from({ length: count }, (_, index) => index);
      const offsetsAt = async (timestamp: bigint) => {
        const asked = partitions.map((partitionIndex) => ({ partitionIndex, timestamp }));
        const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions: asked }] });
        return new Map(found?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]));
      };
      const [oldest, newest, [recorded]] = await Promise.all([
        offsetsAt(ListOffsetTimestamps.EARLIEST),
        offsetsAt(ListOffsetTimestamps.LATEST),
        admin.listConsumerGroupOffsets({
          groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes: partitions }] }],
        }),
      ]);
      const done = new Map(
        recorded?.topics[0]?.partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]),
      );
      let lag = 0n;
      for (const partition of partitions) {
        const first = oldest.get(partition) ?? 0n;
        const next = done.get(partition) ?? -1n;
        lag += (newest.get(partition) ?? first) - (next > first ? next : first);
      }
      return Number(lag);
    },
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      await lastPublication;
      await Promise.all([endClient(producer?.close()), endClient(admin.close())]);
    },
  };
}

/** Events in their order, as many at a time as a broker takes. */
function* batches(events: readonly EventRecord[]): Iterable<readonly EventRecord[]> {
  let batch: EventRecord[] = [];
  let size = 0;
  for (const event of events) {
    const bytes = event.value.byteLength + Buffer.byteLength(JSON.stringify(event.headers)) + event.key.length;
    if (batch.length > 0 && size + bytes > maxBatchBytes) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(event);
    size += bytes;
  }
  if (batch.length > 0) yield batch;
}

/** Whether the broker has refused the messages themselves; everything else is a matter of time. */
function isRefusal(error: unknown): boolean {
  return ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "INVALID_TOPIC_EXCEPTION"].some(
    (id) => error instanceof Error && findErrorBy(error, "apiId", id) !== null,
  );
}

function toMessage({ topic, key, value, headers }: EventRecord) {
  return { topic, key, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength), headers: { ...headers } };
}

function bytes(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text);
}

/** A message without a key may go to any partition. */
function bytesOrNone(key: string | undefined): Buffer | undefined {
  return key === "" ? undefined : bytes(key);
}
