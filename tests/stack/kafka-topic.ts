import { Consumer } from "@platformatic/kafka";

export interface KafkaRecord {
  readonly key: string | undefined;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** All that is on a topic now, as any Kafka client sees it; nothing when there is no such topic. */
export async function readTopic(broker: string, topic: string): Promise<readonly KafkaRecord[]> {
  const client = new Consumer<Buffer, Buffer, Buffer, Buffer>({
    clientId: "reader",
    groupId: `reader-${crypto.randomUUID()}`,
    bootstrapBrokers: [broker],
    autocommit: false,
    retries: 0,
    maxWaitTime: 200,
  });
  const records: KafkaRecord[] = [];
  try {
    const ends = await client.listOffsets({ topics: [topic] }).catch((error) => {
      if (/^Unknown topic/.test(error.message)) return new Map<string, bigint[]>();
      throw error;
    });
    let missing = (ends.get(topic) ?? []).reduce((sum, end) => sum + end, 0n);
    if (missing === 0n) return records;
    const stream = await client.consume({ topics: [topic], mode: "earliest" });
    for await (const { key, value, headerEntries } of stream) {
      const headers = Object.fromEntries(headerEntries.map(([name, text]) => [name.toString(), text.toString()]));
      records.push({ key: key?.toString(), value, headers });
      if (--missing === 0n) break;
    }
  } finally {
    await client.close(true);
  }
  return records;
}
