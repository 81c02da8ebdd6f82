import { chmod, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { api, Customer, flashlight } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";
import { noSmallDisk, smallDisk } from "../small-disk.ts";
import { EmittingService, watchedSystem } from "./watched-system.ts";

/** A shop whose Observatory keeps its data on a disk of its own. */
async function startShop() {
  const folder = await mkdtemp(join(tmpdir(), "orrery-observed-"));
  await chmod(folder, 0o755);
  const disk = await smallDisk(join(folder, "observatory"), 24);
  onTestFinished(async () => {
    await disk.remove();
    await rm(folder, { recursive: true, force: true });
  });
  const shop = new OrreryProcess(["up", "--no-load", "--port", "0", "--data-dir", folder]);
  onTestFinished(() => shop.kill());
  const [, url = ""] = await shop.says(/The shop +(http\S+)\//);
  return { shop, url, disk };
}

/** What the Observatory says of itself: how many spans it keeps, and how many items its store did not take. */
async function statusOf(url: string): Promise<{ readonly spans: number; readonly dropped: number }> {
  const path = "/orrery.observatory.v1.ObservatoryService/GetStatus";
  const { status, body } = await api(url, path, { body: {} });
  expect(status, JSON.stringify(body)).toBe(200);
  const drops: readonly { readonly reason: string; readonly count: string }[] = body.dropped ?? [];
  const byStore = drops.filter(({ reason }) => reason.startsWith("store "));
  return { spans: Number(body.store.spans), dropped: byStore.reduce((sum, { count }) => sum + Number(count), 0) };
}

describe.skipIf(noSmallDisk !== undefined)(
  `when the disk of the telemetry store is full${noSmallDisk === undefined ? "" : ` (${noSmallDisk})`}`,
  () => {
    it("the shop does not notice, what is dropped is counted and told, and with room again telemetry is kept", async () => {
      const { shop, url, disk } = await startShop();
      const order = async () => {
        const customer = new Customer(url);
        await customer.puts(flashlight);
        const { status, body } = await customer.checksOut();
        expect(status, JSON.stringify(body)).toBe(200);
      };
      await eventually(async () => {
        await order();
        expect((await statusOf(url)).spans).toBeGreaterThan(0);
      });
      expect(await statusOf(url)).toMatchObject({ dropped: 0 });

      await disk.fill();
      // What there was room for in files is filled first.
      const dropped = await eventually(async () => {
        await order();
        const told = await statusOf(url);
        expect(told.dropped).toBeGreaterThan(0);
        return told.dropped;
      }, 30_000);
      await eventually(async () => {
        await order();
        expect((await statusOf(url)).dropped).toBeGreaterThan(dropped);
      }, 30_000);
      const { spans } = await statusOf(url);
      expect(shop.out.match(/There is no room on the disk of [^"]*duckdb/g)).toHaveLength(1);

      await disk.makeRoom();
      await eventually(async () => {
        await order();
        expect((await statusOf(url)).spans).toBeGreaterThan(spans);
      }, 30_000);
      await shop.terminate();
    }, 120_000);

    it("what has been stored stays, although its file could not be tidied", async () => {
      const folder = await mkdtemp(join(tmpdir(), "orrery-observed-"));
      const disk = await smallDisk(folder, 32);
      onTestFinished(async () => {
        await disk.remove();
        await rm(folder, { recursive: true, force: true });
      });
      const system = await watchedSystem({ dataDir: folder });
      onTestFinished(() => system.stop());
      const cart = new EmittingService("cart", system.observatory.sink);
      const emit = async (count: number) => {
        for (let index = 1; index <= count; index++) {
          cart.span("GetCart", {}).end();
          if (index % 500 === 0) await cart.flush();
        }
        await cart.flush();
        await system.settle();
      };
      const spans = async () => Number((await system.client.getStatus({})).store?.spans);
      // The file is tidied with every 20,480th row.
      await emit(20_000);
      expect(await spans()).toBe(20_000);

      const { bavail, bsize } = await statfs(folder);
      await writeFile(join(folder, "filler"), Buffer.alloc(bavail * bsize - 640 * 1_024));
      await emit(600);
      await emit(5_000);
      expect(await spans()).toBeGreaterThanOrEqual(20_000);
      const { dropped } = await system.client.getStatus({});
      expect(dropped.map(({ reason }) => reason)).toEqual(["store disk full"]);

      await rm(join(folder, "filler"));
      const before = await spans();
      await emit(1_000);
      expect(await spans()).toBe(before + 1_000);
    }, 60_000);
  },
);
