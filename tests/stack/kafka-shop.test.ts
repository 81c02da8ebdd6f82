import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { OrderResultSchema } from "../../gen/oteldemo/order_pb.ts";
import { deadLetterTopic, kafkaEventLog } from "../../src/platform/events/kafka-event-log.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { services } from "../../src/services/index.ts";
import { kafka } from "../../src/stack/engines/kafka.ts";
import { expectBooksAgree } from "../books.ts";
import { api, Customer, flashlight, telescope } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { Mesh } from "../mesh.ts";
import { readTopic } from "./kafka-topic.ts";
import { startTestEngine, type TestEngine } from "./native-engine.ts";

const onKafka = ["checkout", "accounting", "fraud-detection"];
const others = services.map(({ name }) => name).filter((name) => !onKafka.includes(name));

let broker: TestEngine;
beforeAll(async () => {
  broker = await startTestEngine(kafka);
});
afterAll(() => broker?.remove());

/** The shop with processes of their own for those who publish and consume, on a topic of the test's own. */
async function startMesh(topic: string) {
  const mesh = await Mesh.open();
  onTestFinished(() => mesh.close());
  const environment = { KAFKA_ADDR: broker.engine.address, KAFKA_TOPIC: topic };
  mesh.serve(others);
  const [checkout, accounting, fraudDetection] = onKafka.map((name) => mesh.serve([name], environment));
  await eventually(async () => {
    expect(await api(mesh.url, "/api/shipping?currencyCode=EUR&itemList=[]")).toMatchObject({ status: 200 });
    expect(await api(mesh.url, "/api/orders?sessionId=nobody")).toMatchObject({ status: 200 });
  }, 30_000);
  return { mesh, environment, checkout, accounting, fraudDetection };
}

async function placeOrder({ url }: Mesh): Promise<string> {
  const customer = new Customer(url);
  await customer.puts(flashlight, 2);
  await customer.puts(telescope);
  const { status, body } = await customer.checksOut();
  expect(status, JSON.stringify(body)).toBe(200);
  return body.orderId;
}

describe("a shop whose orders go through Kafka", () => {
  it("writes what the OpenTelemetry Demo writes, and books and scores every order once", async () => {
    const { mesh } = await startMesh("orders");
    const orderIds = await Promise.all(Array.from({ length: 10 }, () => placeOrder(mesh)));
    const orders = await expectBooksAgree(mesh.sql);
    expect(orders.map(({ order_id }) => order_id).toSorted()).toEqual(orderIds.toSorted());

    const records = await readTopic(broker.engine.address, "orders");
    expect(records).toHaveLength(10);
    for (const { key, value, headers } of records) {
      const order = orders.find(({ order_id }) => order_id === key);
      expect(value).toEqual(order?.result);
      expect(fromBinary(OrderResultSchema, value)).toMatchObject({ orderId: key, items: [{}, {}] });
      // Beside the trace, what only ours tell of an order.
      for (const name of Object.keys(headers)) expect(name).toMatch(/^(traceparent|tracestate|baggage|orrery-.+)$/);
    }
    await mesh.terminate();
  });

  it("takes orders while the broker is down, and each arrives once when it is back", async () => {
    const { mesh } = await startMesh("orders-outage");
    await placeOrder(mesh);
    await expectBooksAgree(mesh.sql);
    for (const how of ["stop", "kill"] as const) {
      await broker.engine[how]();
      const meanwhile = await Promise.all(Array.from({ length: 5 }, () => placeOrder(mesh)));
      const [booked] = await mesh.sql<{ count: number }[]>`
        select count(*)::int from accounting."order" where order_id in ${mesh.sql(meanwhile)}`;
      expect(booked?.count).toBe(0);
      await broker.engine.start();
      await expectBooksAgree(mesh.sql);
    }
    await mesh.terminate();
  });

  it("starts and sells without a broker, and stops in time", async () => {
    await broker.engine.stop();
    const { mesh, fraudDetection } = await startMesh("orders-late");
    await placeOrder(mesh);
    if (fraudDetection !== undefined) await mesh.terminate([fraudDetection]);
    await broker.engine.start();
    mesh.serve(["fraud-detection"], { KAFKA_ADDR: broker.engine.address, KAFKA_TOPIC: "orders-late" });
    await expectBooksAgree(mesh.sql);
    await broker.engine.stop();
    await placeOrder(mesh);
    await mesh.terminate();
    await broker.engine.start();
  });

  it("loses no order when a consumer is killed in the middle, and a second process takes over", async () => {
    const { mesh, accounting, environment } = await startMesh("orders-killed");
    const placing = Promise.all(Array.from({ length: 20 }, () => placeOrder(mesh)));
    await eventually(async () => {
      const [row] = await mesh.sql<{ count: number }[]>`select count(*)::int from accounting."order"`;
      expect(row?.count).toBeGreaterThan(0);
    });
    if (accounting !== undefined) await mesh.kill(accounting);
    mesh.serve(["accounting"], environment);
    await placing;
    await placeOrder(mesh);
    await expectBooksAgree(mesh.sql, { withinMs: 45_000 });
    await mesh.terminate();
  });

  it("sets aside what is no order, each group for itself with its reason, and goes on", async () => {
    const topic = "orders-noise";
    const { mesh } = await startMesh(topic);
    const log = kafkaEventLog({
      brokers: [broker.engine.address],
      clientId: "noise",
      log: createLogger({ level: "silent" }),
    });
    onTestFinished(() => log.close());
    const value = Uint8Array.of(0xff, 0xff, 0xff);
    await log.publish([{ topic, key: "", value, headers: { origin: "a test" } }]);
    await placeOrder(mesh);
    await expectBooksAgree(mesh.sql);
    const letters = await eventually(async () => {
      const found = await readTopic(broker.engine.address, deadLetterTopic(topic));
      expect(found).toHaveLength(2);
      return found;
    });
    expect(letters.map(({ headers }) => headers["dead-letter-group"]).toSorted()).toEqual([
      "accounting",
      "fraud-detection",
    ]);
    for (const { value: kept, headers } of letters) {
      expect(kept).toEqual(Buffer.from(value));
      expect(headers).toMatchObject({
        origin: "a test",
        "dead-letter-attempts": "1",
        "dead-letter-reason": expect.stringContaining("not an OrderResult"),
      });
    }
    await mesh.terminate();
  });
});
