import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api } from "./customer.ts";
import { eventually } from "./eventually.ts";
import { type Answer, brokenJson, expectNoDefect, expectRefused, replacing, wrongValues } from "./hostile.ts";
import { OrreryProcess } from "./orrery-process.ts";

/** A shop as `npm start` runs it, with all that controls it. */
let shop: OrreryProcess;
let url: string;
beforeAll(async () => {
  shop = new OrreryProcess(["up", "--ephemeral", "--port", "0", "--users", "0"]);
  const [, found = ""] = await shop.says(/The shop +(http:\S+)\//, 60_000);
  url = found;
  await eventually(async () => expect((await api(url, "/loadgen/api/v1/status")).status).toBe(200), 30_000);
}, 120_000);
afterAll(() => shop?.terminate());

async function send(method: string, path: string, body: string, type = "application/json"): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { "content-type": type },
    body,
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, text: await response.text() };
}

const definition = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" };
const document = { flags: { hostile: definition } };

/** What takes JSON, and what it could be sent if it were well-meant and did nothing. */
const controls: readonly (readonly [method: string, path: string, body: object])[] = [
  ["POST", "/feature/api/write", { data: document, version: "none" }],
  ["POST", "/feature/api/write-to-file", { data: document, version: "none" }],
  ["POST", "/orrery.flags.v1.FlagService/SetFlag", { key: "none", variant: "on", version: "1" }],
  ["POST", "/orrery.flags.v1.FlagService/SetTargeting", { key: "none", targeting: "{}", version: "1" }],
  ["POST", "/orrery.flags.v1.FlagService/ClearFlags", { keys: ["none"] }],
  ["POST", "/orrery.flags.v1.FlagService/CheckDocument", { text: JSON.stringify(document) }],
  ["POST", "/orrery.flags.v1.FlagService/WriteDocument", { text: JSON.stringify(document), version: "none" }],
  ["POST", "/orrery.flags.v1.FlagService/StartSchedule", { keys: ["none"] }],
  ["POST", "/orrery.flags.v1.FlagService/ListActivity", { limit: 1 }],
  ["POST", "/flagservice/flagd.evaluation.v1.Service/ResolveBoolean", { flagKey: "adFailure", context: { a: "b" } }],
  ["POST", "/flagservice/flagd.evaluation.v2.Service/ResolveString", { flagKey: "adFailure", context: { a: "b" } }],
  ["POST", "/flagservice/flagd.evaluation.v2.Service/ResolveAll", { context: { a: "b" } }],
  ["POST", "/flagservice/ofrep/v1/evaluate/flags/adFailure", { context: { targetingKey: "a" } }],
  ["POST", "/flagservice/ofrep/v1/evaluate/flags", { context: { targetingKey: "a" } }],
  ["POST", "/loadgen/api/v1/start", { users: 0, ratePerSecond: 0, thinkTime: "1s", seed: 1, durationSeconds: 0.1 }],
  ["PATCH", "/loadgen/api/v1/settings", { users: 0, ratePerSecond: 0, thinkTime: "1s" }],
  ["POST", "/orrery.scenarios.v1.ScenarioService/StartRun", { scenarioId: "none", profile: "quick" }],
  ["POST", "/orrery.scenarios.v1.ScenarioService/GetRun", { runId: crypto.randomUUID() }],
  ["POST", "/orrery.scenarios.v1.ScenarioService/SubmitAnswer", { runId: crypto.randomUUID(), answer: "{}" }],
  ["POST", "/orrery.scenarios.v1.ScenarioService/StopRun", { runId: crypto.randomUUID() }],
];

/** Nothing is switched on, and nobody else comes. */
async function expectNothingDone(): Promise<void> {
  const { flags } = (await api(url, "/feature/api/read")).body as { flags: Record<string, { defaultVariant: string }> };
  expect(flags.hostile).toBeUndefined();
  expect(flags.adFailure?.defaultVariant).toBe("off");
  const { settings } = (await api(url, "/loadgen/api/v1/status")).body;
  expect(settings).toMatchObject({ users: 0, ratePerSecond: 0 });
  const { runs = [] } = (await api(url, "/orrery.scenarios.v1.ScenarioService/ListRuns", { body: {} })).body;
  expect(runs).toEqual([]);
}

describe("what controls the shop", () => {
  it.each(brokenJson)("refuses %s", async (what, body) => {
    for (const [method, path] of controls) {
      const answer = await send(method, path, body);
      // Fields that nobody knows are ignored by RPCs, however deep, and so is a context.
      if (what === "deep objects") expectNoDefect(answer, `${path} with ${what}`);
      else expectRefused(answer, `${path} with ${what}`);
    }
    await expectNothingDone();
  });

  it("has no defect for a wrong value in any field", { timeout: 120_000 }, async () => {
    for (const [method, path, body] of controls) {
      for (const value of wrongValues) {
        for (const wrong of replacing(body, value)) {
          // Who names no version means whichever there is: a wish that can be granted.
          if ("version" in body && (wrong as typeof body & { version: unknown }).version !== body.version) continue;
          const text = JSON.stringify(wrong);
          expectNoDefect(await send(method, path, text), `${path} ${text.slice(0, 300)}`);
        }
      }
    }
    await api(url, "/loadgen/api/v1/settings", { method: "PATCH", body: { users: 0, ratePerSecond: 0 } });
    await expectNothingDone();
  });

  it("refuses bytes that are no message", async () => {
    for (const [, path] of controls.filter(([, path]) => /\.v\d\.\w*Service\//.test(path))) {
      for (const bytes of ["\x08", "\x0a\x7fa", "\xff\xff\xff"]) {
        expectRefused(await send("POST", path, bytes, "application/proto"), path);
      }
    }
  });

  it("refuses what is too large", async () => {
    const body = JSON.stringify({ data: "x".repeat(6 * 1024 * 1024), text: "x" });
    for (const [method, path] of controls) {
      const answer = await send(method, path, body).catch((error) => {
        // The connection may be closed while the body is still on its way.
        if (error.name === "TimeoutError") throw error;
        return { status: 413, text: "" };
      });
      expectRefused(answer, path);
    }
    await expectNothingDone();
  });

  it("refuses Locust's calls that make no sense", async () => {
    const type = "application/x-www-form-urlencoded";
    for (const body of [
      "user_count=-1",
      "user_count=x",
      "user_count=1e99",
      "user_count=1&spawn_rate=0",
      "user_count=",
    ]) {
      expectRefused(await send("POST", "/loadgen/swarm", body, type), body);
    }
    await expectNothingDone();
  });

  it.each([
    "/feature/..%2f..%2fpackage.json",
    "/feature/%2e%2e/%2e%2e/package.json",
    "/feature/assets/..%5c..%5cpackage.json",
    "/observatory/..%2f..%2f..%2fpackage.json",
    "/loadgen/..%2f..%2fpackage.json",
    "/loadgen/%00",
    "/feature/%00",
    "/feature/%zz",
    "/flagservice/ofrep/v1/evaluate/flags/%00",
    "/flagservice/ofrep/v1/evaluate/flags/__proto__",
    "/flagservice/ofrep/v1/evaluate/flags/constructor",
  ])("shows no file at %s", async (path) => {
    const answer = await fetch(url + path, { redirect: "manual", signal: AbortSignal.timeout(10_000) });
    const text = await answer.text();
    expectNoDefect({ status: answer.status, text }, path);
    expect(text).not.toContain('"devDependencies"');
    if (path.includes("/evaluate/")) {
      expectRefused(await send("POST", path, '{"context": {}}'), path);
    }
  });
});
