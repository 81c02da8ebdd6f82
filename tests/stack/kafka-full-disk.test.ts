import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { services } from "../../src/services/index.ts";
import { engineHome, enginesFolder } from "../../src/stack/engines/installation.ts";
import { kafka } from "../../src/stack/engines/kafka.ts";
import { type RunningEngine, startEngine } from "../../src/stack/engines/running-engine.ts";
import { expectBooksAgree } from "../books.ts";
import { api, Customer, flashlight } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { Mesh } from "../mesh.ts";
import { noSmallDisk, type SmallDisk, smallDisk } from "../small-disk.ts";

const onKafka = ["checkout", "accounting", "fraud-detection"];
const others = services.map(({ name }) => name).filter((name) => !onKafka.includes(name));

/** A broker whose data has a disk of its own. */
async function brokerOn(megabytes: number): Promise<{ broker: RunningEngine; disk: SmallDisk }> {
  const dataDir = await mkdtemp(join(tmpdir(), "orrery-kafka-"));
  const disk = await smallDisk(join(dataDir, "data"), megabytes);
  onTestFinished(async () => {
    await disk.remove();
    await rm(dataDir, { recursive: true, force: true });
  });
  const broker = await startEngine(kafka, { home: await engineHome(kafka, enginesFolder(process.env)), dataDir });
  onTestFinished(() => broker.kill());
  return { broker, disk };
}

async function placeOrder({ url }: Mesh): Promise<void> {
  const customer = new Customer(url);
  await customer.puts(flashlight);
  const { status, body } = await customer.checksOut();
  expect(status, JSON.stringify(body)).toBe(200);
}

describe.skipIf(noSmallDisk !== undefined)(
  `a Kafka broker whose disk is full${noSmallDisk === undefined ? "" : ` (${noSmallDisk})`}`,
  () => {
    it("ends; orders are taken meanwhile, and each arrives once when there is room and a broker again", async () => {
      const { broker, disk } = await brokerOn(64);
      const mesh = await Mesh.open();
      onTestFinished(() => mesh.close());
      mesh.serve(others);
      for (const name of onKafka) mesh.serve([name], { KAFKA_ADDR: broker.address });
      await eventually(async () => {
        expect(await api(mesh.url, "/api/shipping?currencyCode=EUR&itemList=[]")).toMatchObject({ status: 200 });
        expect(await api(mesh.url, "/api/orders?sessionId=nobody")).toMatchObject({ status: 200 });
      }, 30_000);
      await placeOrder(mesh);
      await expectBooksAgree(mesh.sql);

      await disk.fill();
      const ended = { yet: false };
      const ending = broker.ended().then(() => {
        ended.yet = true;
      });
      // What fits into the page under way is still taken.
      while (!ended.yet) await placeOrder(mesh);
      await ending;
      for (let order = 0; order < 5; order++) await placeOrder(mesh);
      const [waiting] = await mesh.sql<{ count: number }[]>`select count(*)::int from checkout.outbox`;
      expect(waiting?.count).toBeGreaterThanOrEqual(5);

      await disk.makeRoom();
      await broker.start();
      const orders = await expectBooksAgree(mesh.sql, { withinMs: 60_000 });
      expect(orders.length).toBeGreaterThanOrEqual(6);
      await mesh.terminate();
    }, 240_000);
  },
);
