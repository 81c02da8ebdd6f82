import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Customer, flashlight } from "../customer.ts";
import { OrreryProcess } from "../orrery-process.ts";
import { noSmallDisk, smallDisk } from "../small-disk.ts";

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

describe.skipIf(noSmallDisk !== undefined)(
  `when the disk of the telemetry store is full${noSmallDisk === undefined ? "" : ` (${noSmallDisk})`}`,
  () => {
    it("the shop does not notice: orders are placed, and it stops as ever", async () => {
      const { shop, url, disk } = await startShop();
      let placed = 0;
      const order = async () => {
        const customer = new Customer(url);
        await customer.puts(flashlight);
        const { status, body } = await customer.checksOut();
        expect(status, JSON.stringify(body)).toBe(200);
        placed++;
      };
      const seconds = async (count: number) => {
        const until = performance.now() + count * 1_000;
        while (performance.now() < until) await order();
      };
      await order();
      await disk.fill();
      // The store writes five times a second.
      await seconds(5);
      await disk.makeRoom();
      await seconds(1);
      expect(placed).toBeGreaterThan(10);
      await shop.terminate();
    }, 120_000);
  },
);
