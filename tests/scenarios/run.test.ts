import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Phase, type Run, ScenarioService } from "../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { api } from "../customer.ts";
import { eventually } from "../eventually.ts";
import type { OrreryProcess } from "../orrery-process.ts";
import { startQuickShop } from "./quick-shop.ts";

let shop: OrreryProcess;
let url: string;
beforeAll(async () => {
  ({ shop, url } = await startQuickShop());
}, 150_000);
afterAll(() => shop?.terminate());

const client = () => createClient(ScenarioService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));

async function runOf(id: string): Promise<Run> {
  const { run } = await client().getRun({ runId: id });
  if (run === undefined) throw new Error("no run");
  return run;
}

async function start(scenarioId: string, isBlind = false): Promise<string> {
  const { run } = await client().startRun({ scenarioId, profile: "quick", isBlind });
  return run?.id ?? "";
}

async function variantOf(key: string): Promise<string> {
  return (await api(url, `/flagservice/ofrep/v1/evaluate/flags/${key}`, { body: {} })).body.variant;
}

async function loadSettings() {
  return (await api(url, "/loadgen/api/v1/status")).body.settings;
}

describe("a run", () => {
  // Once more where the machine has so much else to do that alerts of its slowness stand beside those of the fault.
  it("sees its fault and its alerts, and that both are gone after the revert", {
    retry: 1,
    timeout: 300_000,
  }, async () => {
    const before = await eventually(async () => {
      const settings = await loadSettings();
      expect(settings).toBeDefined();
      return settings;
    });
    const id = await start("payment-failure");
    const run = await eventually(async () => {
      const run = await runOf(id);
      expect(run.phase).toBe(Phase.OVER);
      return run;
    }, 240_000);
    expect(run.failures).toEqual([]);
    expect(run.effects.length).toBeGreaterThan(0);
    for (const { isProven, baseline, fault, recovered } of run.effects) {
      expect(isProven).toBe(true);
      expect(fault).toBeGreaterThan((baseline ?? 0) + 0.2);
      expect(recovered ?? 0).toBeLessThan(0.1);
    }
    expect(
      run.alerts
        .filter(({ isExpected }) => isExpected)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(["checkout-availability-page", "payment-availability-page"]);
    expect(run.detectedAfterSeconds).toBeLessThan(90);
    expect(await variantOf("paymentFailure")).toBe("off");
    expect(await loadSettings()).toEqual(before);
  });

  it("that is blind tells nothing before it is over, and scores the first answer then", async () => {
    const id = await start("payment-failure", true);
    await eventually(async () => expect(await variantOf("paymentFailure")).toBe("50%"), 60_000);
    const secret = await runOf(id);
    expect(secret).toMatchObject({ scenarioId: "", phase: Phase.UNSPECIFIED, effects: [], alerts: [], failures: [] });
    const answer = { rootCauses: [{ entity: "payment", reason: "charges fail" }] };
    expect(await client().submitAnswer({ runId: id, answer: JSON.stringify(answer) })).not.toHaveProperty("score");
    const again = client().submitAnswer({ runId: id, answer: JSON.stringify(answer) });
    await expect(again).rejects.toThrow(/the first one counts/);
    const { run } = await client().stopRun({ runId: id });
    expect(run).toMatchObject({ scenarioId: "payment-failure", phase: Phase.OVER, failures: ["It was stopped."] });
    expect(JSON.parse(run?.score?.json ?? "{}")).toMatchObject({
      scenario: "payment-failure",
      accuracy: [1, 1, 1, 1, 1],
    });
    expect(await variantOf("paymentFailure")).toBe("off");
  }, 120_000);

  it("is the only one at a time; a reset ends it and puts everything back", async () => {
    const id = await start("payment-failure");
    await expect(start("ad-failure")).rejects.toThrow(/is under way/);
    await client().reset({});
    expect((await runOf(id)).phase).toBe(Phase.OVER);
    await expect(client().stopRun({ runId: id })).rejects.toThrow(/is over/);
    expect((await loadSettings()).ratePerSecond).toBe(0);
  }, 60_000);
});

describe("bad input", () => {
  it.each([
    [
      "a scenario that there is not",
      () => start("no-such-scenario"),
      /There is no scenario no-such-scenario; there are .*ad-failure/,
    ],
    ["a profile that there is not", () => client().startRun({ scenarioId: "ad-failure", profile: "slow" }), /profile/],
    ["a run that there is not", () => runOf(crypto.randomUUID()), /There is no run/],
    ["no id", () => runOf("x"), /run_id/],
  ])("%s is refused", async (_, call, reason) => {
    await expect(call()).rejects.toThrow(reason);
  });

  it("an answer that is none is refused with all reasons, and does not count", async () => {
    const id = await start("baseline");
    const answer = JSON.stringify({ rootCauses: [{ reason: "x" }, { entity: "a", category: "magic" }] });
    await expect(client().submitAnswer({ runId: id, answer })).rejects.toThrow(
      /rootCauses\.0.*entity.*rootCauses\.1\.category/s,
    );
    await client().submitAnswer({ runId: id, answer: '{"rootCauses": []}' });
    await client().stopRun({ runId: id });
  }, 60_000);
});

it("scenarios are listed without their truth, unless their categories are asked for", async () => {
  const { scenarios, reasons, categories } = await client().listScenarios({});
  expect(scenarios.map(({ id }) => id)).toContain("baseline");
  expect(Object.keys(scenarios[0] ?? {}).toSorted()).toEqual([
    "$typeName",
    "categories",
    "description",
    "difficulty",
    "id",
    "title",
  ]);
  expect(scenarios.flatMap((each) => each.categories)).toEqual([]);
  expect(reasons).toContain("charges fail");
  const told = (await client().listScenarios({ withCategories: true })).scenarios;
  expect(told.find(({ id }) => id === "payment-failure")?.categories).toEqual(["errors"]);
  expect([...new Set(told.flatMap((each) => each.categories))].toSorted()).toEqual(categories);
});

it("a manifest is told with its truth", async () => {
  const { json } = await client().getManifest({ scenarioId: "payment-failure" });
  expect(JSON.parse(json)).toMatchObject({ faults: [{ rootCause: { entity: "payment", reason: "charges fail" } }] });
  await expect(client().getManifest({ scenarioId: "x" })).rejects.toThrow(/There is no scenario x/);
});

it("plain JSON over HTTP will do, too", async () => {
  const { status, body } = await api(url, "/orrery.scenarios.v1.ScenarioService/ListScenarios", { body: {} });
  expect([status, body.scenarios.length > 10]).toEqual([200, true]);
});
