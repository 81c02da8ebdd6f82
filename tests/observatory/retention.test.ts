import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { schemaVersion } from "../../src/observatory/store/schema.ts";
import { EmittingService, watchedSystem } from "./watched-system.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "orrery-observatory-test-"));
  folders.push(made);
  return made;
}

async function emit(system: Awaited<ReturnType<typeof watchedSystem>>, count: number, startMs: number) {
  const cart = new EmittingService("cart", system.observatory.sink);
  for (let index = 0; index < count; index++) {
    cart.span(`at ${startMs}`, { startTime: startMs + index }).end(startMs + index + 1);
    if (index % 1_000 === 999) await cart.flush();
  }
  await cart.flush();
  await system.settle();
}

describe("the store", () => {
  it("drops the oldest first when it holds more than it may", async () => {
    const system = await watchedSystem({ environment: { OBSERVATORY_MAX_SPANS: "1000" } });
    try {
      const now = Date.now();
      await emit(system, 900, now - 60_000);
      await emit(system, 900, now - 30_000);
      const { store } = await system.client.getStatus({});
      expect(Number(store?.spans)).toBeLessThanOrEqual(1_000);
      expect(Number(store?.spans)).toBeGreaterThanOrEqual(850);
      const answer = await system.client.runQuery({ sql: "select count(*) from spans group by name order by name" });
      expect(answer.rows.at(-1)?.values[0]?.kind.value).toBe(900);
    } finally {
      await system.stop();
    }
  });

  it("keeps what it has over a restart, when it is given a folder", async () => {
    const dataDir = await folder();
    const first = await watchedSystem({ dataDir });
    await emit(first, 100, Date.now() - 5_000);
    await first.stop();
    const second = await watchedSystem({ dataDir });
    try {
      await emit(second, 10, Date.now());
      const { services, store } = await second.client.getStatus({});
      expect(store?.spans).toBe(110n);
      expect(store?.path).toContain(dataDir);
      expect(services.map(({ service, traces }) => [service, traces?.count])).toEqual([["cart", 110n]]);
      const map = await second.client.getMap({});
      expect(map.nodes.find(({ name }) => name === "cart")?.golden?.calls).toBe(110n);
    } finally {
      await second.stop();
    }
  });

  it("numbers rows by their arrival, on from where it was before a restart", async () => {
    const dataDir = await folder();
    const first = await watchedSystem({ dataDir });
    await emit(first, 100, Date.now() - 5_000);
    await first.stop();
    const second = await watchedSystem({ dataDir });
    try {
      // Older than what is there already, and yet later.
      await emit(second, 10, Date.now() - 60_000);
      const { rows } = await second.client.runQuery({ sql: "select arrival from spans order by arrival" });
      expect(rows.map(({ values }) => values[0]?.kind.value)).toEqual(
        Array.from({ length: 110 }, (_, index) => index + 1),
      );
      const last = await second.client.runQuery({
        sql: `select count(*) from spans
              where arrival > 100 and start_time < (select min(start_time) from spans where arrival <= 100)`,
      });
      expect(last.rows[0]?.values[0]?.kind.value).toBe(10);
    } finally {
      await second.stop();
    }
  });

  it("begins anew beside a file that is damaged", async () => {
    const dataDir = await folder();
    await writeFile(
      join(dataDir, `observatory-${schemaVersion}.duckdb`),
      "this is no database, but it is long enough to be one".repeat(100),
    );
    const system = await watchedSystem({ dataDir });
    try {
      await emit(system, 10, Date.now());
      expect((await system.client.getStatus({})).store?.spans).toBe(10n);
      expect((await stat(join(dataDir, `observatory-${schemaVersion}.duckdb.damaged`))).size).toBeGreaterThan(0);
    } finally {
      await system.stop();
    }
  });

  it("takes telemetry again after more than its memory holds", async () => {
    const system = await watchedSystem({
      environment: { OBSERVATORY_MEMORY_MB: "32", OBSERVATORY_MAX_SPANS: "1000000" },
    });
    try {
      const flood = new EmittingService("flood", system.observatory.sink);
      const begun = Date.now() - 60_000;
      for (let index = 0; index < 40_000; index++) {
        const noise = Math.random().toString(36).repeat(60);
        flood.span("loud", { startTime: begun + index, attributes: { noise } }).end(begun + index + 1);
        if (index % 1_000 === 999) await flood.flush();
      }
      await system.settle();
      await system.settle();
      await emit(system, 100, Date.now());
      const { traces } = await system.client.searchTraces({ service: "cart", limit: 1_000 });
      expect(traces).toHaveLength(100);
    } finally {
      await system.stop();
    }
  });
});
