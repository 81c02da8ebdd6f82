import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Recording } from "../../src/scenarios/recording.ts";
import { testSystem } from "../../src/scenarios/testing.ts";
import { Customer, flashlight } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { startShop, type TestShop } from "../shop.ts";
import { startTcpRelay } from "../stack/tcp-relay.ts";

const batch = 900;

let shop: TestShop;
let root: string;
let recordings: Recording[] = [];
let folders = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "orrery-coverage-"));
  shop = await startShop({
    observatory: true,
    // No more than three batches have room.
    environment: { OBSERVATORY_MAX_SPANS: "2000", OTEL_METRIC_EXPORT_INTERVAL: "1000" },
  });
});
afterEach(async () => {
  for (const recording of recordings) await recording.close();
  recordings = [];
});
afterAll(async () => {
  await shop.stop();
  await rm(root, { recursive: true });
});

const newFolder = () => join(root, String(++folders));

async function record(from: Date): Promise<Recording> {
  const recording = await Recording.open({ url: shop.url, from, folder: newFolder(), everyMs: 100 });
  recordings.push(recording);
  return recording;
}

/** A program that is not the shop sends spans. */
async function sendSpans(service: string): Promise<void> {
  const now = BigInt(Date.now()) * 1_000_000n;
  const spans = Array.from({ length: batch }, (_, index) => ({
    traceId: crypto.randomUUID().replaceAll("-", ""),
    spanId: crypto.randomUUID().replaceAll("-", "").slice(16),
    name: "work",
    kind: 2,
    startTimeUnixNano: String(now + BigInt(index) * 1_000n),
    endTimeUnixNano: String(now + BigInt(index) * 1_000n + 500n),
  }));
  const attributes = [{ key: "service.name", value: { stringValue: service } }];
  const response = await fetch(`${shop.url}/otlp-http/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }] }),
  });
  expect(response.status).toBe(200);
}

async function spansOf(recording: Recording, service: string): Promise<number> {
  const [row] = await recording.ask<{ count: bigint }>("select count(*) as count from spans where service = $service", {
    service,
  });
  return Number(row?.count);
}

describe("a recording", () => {
  it("counts what was dropped before it could be fetched", async () => {
    const recording = await record(new Date());
    for (let sent = 1; sent <= 5; sent++) await sendSpans("lost");
    const { tables } = await recording.finish(new Date());
    const lost = tables.find(({ table }) => table === "spans")?.lost ?? 0;
    expect(lost).toBeGreaterThan(0);
    // The shop's start has left a few spans of its own.
    const all = (await spansOf(recording, "lost")) + lost;
    expect(all).toBeGreaterThanOrEqual(5 * batch);
    expect(all).toBeLessThan(5.5 * batch);
  });

  it("keeps what the Observatory has dropped meanwhile", async () => {
    const recording = await record(new Date());
    recording.start();
    for (let sent = 1; sent <= 5; sent++) {
      await sendSpans("kept");
      await eventually(async () => expect(await spansOf(recording, "kept")).toBe(sent * batch));
    }
    const { tables, problems } = await recording.finish(new Date());
    expect(await spansOf(recording, "kept")).toBe(5 * batch);
    expect(tables.find(({ table }) => table === "spans")).toMatchObject({ lost: 0 });
    expect(problems).toEqual([]);
  });

  it("that begins after the fact tells since when it is whole", async () => {
    const recording = await record(new Date(Date.now() - 3_600_000));
    const { tables } = await recording.finish(new Date());
    const spans = tables.find(({ table }) => table === "spans");
    expect(Date.parse(spans?.wholeSince ?? "")).toBeLessThanOrEqual(Date.now());
    expect(tables.find(({ table }) => table === "logs")?.wholeSince).toBeUndefined();
  });

  it("takes up again after an outage, and tells when another store answers", async () => {
    let port = Number(new URL(shop.url).port);
    const relay = await startTcpRelay(0, () => port);
    const other = await startShop({ observatory: true, environment: { OTEL_METRIC_EXPORT_INTERVAL: "1000" } });
    try {
      const recording = await Recording.open({
        url: `http://127.0.0.1:${relay.port}`,
        from: new Date(),
        folder: newFolder(),
        everyMs: 100,
      });
      recordings.push(recording);
      recording.start();
      await sendSpans("before");
      await eventually(async () => expect(await spansOf(recording, "before")).toBe(batch));
      const shopPort = port;
      // Nothing listens there.
      port = 1;
      relay.cut();
      await sendSpans("meanwhile");
      port = shopPort;
      await eventually(async () => expect(await spansOf(recording, "meanwhile")).toBe(batch));
      port = Number(new URL(other.url).port);
      relay.cut();
      const { problems } = await recording.finish(new Date());
      expect(problems).toContainEqual(expect.stringMatching(/^The Observatory's store was another one at 2/));
      expect(await spansOf(recording, "meanwhile")).toBe(batch);
    } finally {
      await relay.close();
      await other.stop();
    }
  });

  it("leaves no working files behind", async () => {
    const folder = newFolder();
    const recording = await Recording.open({ url: shop.url, from: new Date(), folder });
    recording.start();
    await recording.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it("does not begin in a folder with something in it, nor without a shop", async () => {
    await expect(Recording.open({ url: shop.url, from: new Date(), folder: root })).rejects.toThrow(
      /is not empty: \d is in it/,
    );
    const nowhere = Recording.open({ url: "http://127.0.0.1:1", from: new Date(), folder: newFolder() });
    await expect(nowhere).rejects.toThrow(/No shop with its Observatory answers there/);
  });
});

describe("the command line", () => {
  const orrery = async (...args: string[]) => {
    const main = join(import.meta.dirname, "../../src/main.ts");
    return promisify(execFile)(process.execPath, [main, "scenario", ...args]).catch(
      (error) => error as { stdout: string; stderr: string },
    );
  };
  let flags: string;
  beforeAll(async () => {
    flags = join(root, "flags.json");
    const variants = (names: readonly string[]) => ({ variants: Object.fromEntries(names.map((name) => [name, 0])) });
    const entries = [...testSystem.flags].map(([flag, names]) => [flag, variants(names)]);
    await writeFile(flags, JSON.stringify({ flags: Object.fromEntries(entries) }));
  });

  it("lists the scenarios and shows one", async () => {
    expect((await orrery("list", "--flags", flags)).stdout).toMatch(
      /^payment-failure +easy +paymentFailure=50% +Half of all charges fail$/m,
    );
    const { stdout } = await orrery("show", "payment-failure", "--flags", flags);
    expect(stdout).toMatch(/Root causes\n {2}payment: charges fail \(errors\)\n/);
    expect((await orrery("show", "nothing", "--flags", flags)).stderr).toMatch(
      /There is no scenario "nothing"; there are accounting-stuck,/,
    );
  });

  it("writes a run that is over, and scores an answer to it", async () => {
    const from = new Date();
    const customer = new Customer(shop.url);
    await customer.puts(flashlight);
    expect((await customer.checksOut()).status).toBe(200);
    const to = new Date();
    const out = newFolder();
    const baseline = join(import.meta.dirname, "../../scenarios/baseline.yaml");
    const times = ["--from", from.toISOString(), "--to", String(to.getTime() / 1_000)];
    const { stdout, stderr } = await orrery(
      "export",
      "--url",
      shop.url,
      "--flags",
      flags,
      "--manifest",
      baseline,
      ...times,
      "--out",
      out,
    );
    expect(stdout, stderr).toMatch(/^orrery written\nrcaeval left out: a case has a fault\./);
    expect(stdout).toMatch(/^itbench written$/m);
    expect((await readdir(out)).sort()).toEqual([
      "COVERAGE.md",
      "SHA256SUMS",
      "itbench",
      "manifest.yaml",
      "orrery",
      "truth.json",
    ]);
    const answer = join(root, "answer.json");
    await writeFile(answer, JSON.stringify({ rootCauses: [{ entity: "payment" }] }));
    expect((await orrery("score", answer, "--truth", join(out, "truth.json"))).stdout).toMatch(
      /^baseline: not solved\nAC@1 0\.00/,
    );
    await writeFile(answer, JSON.stringify({ rootCauses: [] }));
    const { stdout: scored } = await orrery("score", answer, "--truth", join(out, "truth.json"), "--json");
    expect(JSON.parse(scored)).toMatchObject({ scenario: "baseline", isSolved: true });
    expect(JSON.parse(await readFile(join(out, "truth.json"), "utf8"))).toMatchObject({
      rootCauses: [],
      times: { injectedAt: null },
    });
  });

  it.each([
    ["times that are missing", [], /payment-failure has a fault: when was it injected, and when reverted\?/],
    [
      "times out of order",
      ["--injected-at", "2026-01-10T12:05:00Z", "--reverted-at", "2026-01-10T12:04:00Z"],
      /Each time has to be later than the one before/,
    ],
    ["a time without a zone", ["--injected-at", "2026-01-10T12:05:00"], /ISO 8601 with a time zone/],
    [
      "a layout that there is not",
      ["--layouts", "orrery,rca"],
      /--layouts rca is not valid: there are orrery, rcaeval,/,
    ],
  ])("refuses %s", async (_, more, message) => {
    const manifest = join(import.meta.dirname, "../../scenarios/payment-failure.yaml");
    const times = ["--from", "2026-01-10T12:00:00Z", "--to", "2026-01-10T12:10:00Z"];
    const { stderr } = await orrery(
      "export",
      "--url",
      shop.url,
      "--flags",
      flags,
      "--manifest",
      manifest,
      ...times,
      "--out",
      newFolder(),
      ...more,
    );
    expect(stderr).toMatch(message);
  });
});
