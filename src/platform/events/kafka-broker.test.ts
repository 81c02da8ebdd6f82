import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createLogger } from "../logging/logger.ts";
import { until } from "../rpc/testing.ts";
import { EventLogUnavailableError } from "./event-log.ts";
import { kafkaEventLog } from "./kafka-event-log.ts";

const apiVersions = 18;
const unsupportedVersion = 35;

/** What Kafka 2.3 takes of what a client asks, by the number of the request: the newest version of each. */
const kafka23 = new Map([
  [0, 7],
  [1, 11],
  [2, 5],
  [3, 8],
  [8, 7],
  [9, 5],
  [10, 2],
  [11, 5],
  [12, 3],
  [13, 2],
  [14, 3],
  [apiVersions, 2],
  [22, 1],
]);

/** A broker that tells which requests it knows, as old ones do, and hangs up at every other. */
async function startOldBroker(newest: ReadonlyMap<number, number>) {
  let told = 0;
  const server = createServer((socket) => {
    let received: Buffer = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, bytes]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const request = received.subarray(4, 4 + received.readInt32BE(0));
        received = received.subarray(4 + request.length);
        if (request.readInt16BE(0) !== apiVersions) return socket.destroy();
        const isKnown = request.readInt16BE(2) <= (newest.get(apiVersions) ?? 0);
        if (isKnown) told++;
        socket.write(answerTo(request, isKnown ? newest : undefined));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const bound = server.address();
  return {
    address: `127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`,
    /** How often it was asked what it knows. */
    get told() {
      return told;
    },
  };
}

function answerTo(request: Buffer, newest: ReadonlyMap<number, number> | undefined): Buffer {
  const known = [...(newest ?? [])];
  const answer = Buffer.alloc(4 + 4 + 2 + 4 + known.length * 6 + (newest === undefined ? 0 : 4));
  answer.writeInt32BE(answer.length - 4, 0);
  request.copy(answer, 4, 4, 8);
  answer.writeInt16BE(newest === undefined ? unsupportedVersion : 0, 8);
  answer.writeInt32BE(known.length, 10);
  for (const [index, [key, version]] of known.entries()) {
    answer.writeInt16BE(key, 14 + index * 6);
    answer.writeInt16BE(version, 14 + index * 6 + 4);
  }
  return answer;
}

function open(address: string, lines: string[] = []) {
  const log = createLogger({ level: "warn", destination: { write: (line) => void lines.push(line) } });
  const events = kafkaEventLog({ brokers: [address], clientId: "test", log });
  onTestFinished(() => events.close());
  return events;
}

const event = { topic: "orders", key: "k", value: Buffer.of(1), headers: {} };

test("a broker that is too old takes no events, and what it lacks is said; they wait for a newer one", async () => {
  const broker = await startOldBroker(kafka23);
  const events = open(broker.address);
  for (let attempt = 1; attempt <= 2; attempt++) {
    const failure = await events.publish([event]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EventLogUnavailableError);
    expect(String(failure)).toBe(
      `EventLogUnavailableError: Kafka at ${broker.address} is too old: it knows OffsetCommit up to version 7, and 8 is needed. Version 2.4 or newer is needed. See KAFKA_ADDR.`,
    );
  }
});

test("a broker so old that it does not know a request at all is told as such", async () => {
  const broker = await startOldBroker(new Map([...kafka23].filter(([key]) => key !== 22)));
  await expect(open(broker.address).publish([event])).rejects.toThrow("is too old: it does not know InitProducerId.");
});

test("a consumer whose broker is too old says so once, and goes on asking for another", async () => {
  const broker = await startOldBroker(kafka23);
  const lines: string[] = [];
  const consumer = open(broker.address, lines).consume({ group: "g", topic: "orders", handler: async () => {} });
  await until(() => broker.told >= 4, "it asks again and again");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(`Kafka at ${broker.address} is too old: it knows OffsetCommit up to version 7`);
  expect(consumer.isConnected()).toBe(false);
});
