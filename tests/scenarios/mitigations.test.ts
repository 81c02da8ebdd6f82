import { setTimeout } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type Mitigation,
  Outcome,
  Phase,
  type Run,
  ScenarioService,
} from "../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { api, Customer, flashlight } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";
import { startQuickShop } from "./quick-shop.ts";

let shop: OrreryProcess;
let url: string;
beforeAll(async () => {
  ({ shop, url } = await startQuickShop());
}, 150_000);
afterEach(() => client().reset({}), 60_000);
afterAll(() => shop?.terminate());

const client = () => createClient(ScenarioService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));

type ActionKind = NonNullable<NonNullable<Parameters<ReturnType<typeof client>["mitigate"]>[0]["action"]>["kind"]>;

/** Does it, and waits until it is done. */
async function mitigate(kind: ActionKind): Promise<Mitigation> {
  const { mitigation: begun } = await client().mitigate({ action: { kind } });
  return eventually(async () => {
    const { mitigation } = await client().getMitigation({ mitigationId: begun?.id ?? "" });
    if (mitigation?.finished === undefined) throw new Error("It is under way");
    return mitigation;
  }, 90_000);
}

async function setFlag(key: string, variant: string): Promise<void> {
  const set = new OrreryProcess(["flags", "set", key, variant, "--url", url]);
  expect(await set.ends(), set.err).toBe(0);
}

async function variantOf(key: string): Promise<string> {
  return (await api(url, `/flagservice/ofrep/v1/evaluate/flags/${key}`, { body: {} })).body.variant;
}

/** The first column of what the Observatory answers. */
async function ask(sql: string): Promise<readonly number[]> {
  const { status, body } = await api(url, "/orrery.observatory.v1.ObservatoryService/RunQuery", { body: { sql } });
  expect(status, JSON.stringify(body)).toBe(200);
  return (body.rows ?? []).map(([value]: readonly unknown[]) => Number(value));
}

async function buys(): Promise<void> {
  const customer = new Customer(url);
  await customer.puts(flashlight);
  expect((await customer.checksOut()).status).toBe(200);
}

/** The heap of the process of its own that e-mail has now, in MiB. */
async function memoryOfEmail(): Promise<number> {
  const [mebibytes = 0] = await ask(`
    select value / 1048576 from metric_points join metric_series using (series_id)
    where name = 'v8js.memory.heap.used' and service = 'email' order by time desc limit 1`);
  return mebibytes;
}

/** How many processes of a service have answered since a moment. */
async function processesOf(service: string, since: Date): Promise<number> {
  const [count = 0] = await ask(`
    select count(distinct resources.attributes ->> 'process.pid')::double from spans join resources using (resource_id)
    where spans.service = '${service}' and kind = 'server' and start_time > timestamp '${since.toISOString().slice(0, -1)}'`);
  return count;
}

// First, for a run waits until nothing is wrong.
describe("in a run", () => {
  async function runOf(id: string): Promise<Run> {
    const { run } = await client().getRun({ runId: id });
    if (run === undefined) throw new Error("no run");
    return run;
  }

  async function begin(scenarioId: string): Promise<string> {
    const { run } = await client().startRun({ scenarioId, profile: "quick" });
    return run?.id ?? "";
  }

  /** Begins a run, again if the machine is too busy for a baseline, and waits until its fault shows. */
  async function faulty(scenarioId: string): Promise<string> {
    let id = await begin(scenarioId);
    return eventually(async () => {
      const { phase, effects } = await runOf(id);
      if (phase === Phase.OVER) id = await begin(scenarioId);
      expect([phase, effects.some(({ isProven }) => isProven)]).toEqual([Phase.FAULT, true]);
      return id;
    }, 360_000);
  }

  it("what does not help leaves the effect, and what helps ends it; both are taken down with what came of them", async () => {
    const id = await faulty("payment-failure");
    await mitigate({ case: "restart", value: { service: "payment" } });
    const [restarted] = await eventually(async () => {
      const { mitigations } = await runOf(id);
      expect(mitigations[0]?.outcome).toBe(Outcome.DID_NOT_HELP);
      return mitigations;
    }, 60_000);
    expect(restarted).toMatchObject({ isSaidToHelp: false, failure: "" });
    for (const { before, after, isGone } of restarted?.effects ?? []) {
      expect([isGone, (before ?? 0) > 0.2, (after ?? 0) > 0.2]).toEqual([false, true, true]);
    }
    await mitigate({ case: "clear", value: { flag: "paymentFailure" } });
    const outcomes = await eventually(async () => {
      const { mitigations } = await runOf(id);
      expect(mitigations[1]).toMatchObject({ outcome: Outcome.HELPED, isSaidToHelp: true });
      return mitigations.map(({ action, outcome }) => [action?.kind.case, outcome]);
    }, 90_000);
    expect(outcomes).toEqual([
      ["restart", Outcome.DID_NOT_HELP],
      ["clear", Outcome.HELPED],
    ]);
    const { run } = await client().stopRun({ runId: id });
    expect(run?.failures).toEqual(["It was stopped."]);
  }, 600_000);

  it("that is blind, what came of it is told when it is over", async () => {
    const { run } = await client().startRun({ scenarioId: "payment-failure", profile: "quick", isBlind: true });
    const id = run?.id ?? "";
    const told = await mitigate({ case: "restart", value: { service: "quote" } });
    for (const each of [told, (await runOf(id)).mitigations[0]]) {
      expect(each).toMatchObject({ outcome: Outcome.UNSPECIFIED, effects: [] });
      expect(each).not.toHaveProperty("isSaidToHelp");
    }
    const { run: over } = await client().stopRun({ runId: id });
    expect(over?.mitigations[0]?.outcome).toBe(Outcome.UNKNOWN);
  }, 60_000);
});

describe("a restart", () => {
  it("gives the memory of a service that leaks back, while customers go on buying", async () => {
    // Four megabytes a mail: as fast as a machine can, customers would end the process before it has told of its memory, and
    // with more for each, those who buy while the restart takes its time would fill the new one, too.
    await setFlag("emailMemoryLeak", "1000x");
    const buysAndWaits = async () => {
      await buys();
      await setTimeout(1_000);
    };
    await eventually(async () => {
      await buysAndWaits();
      expect(await memoryOfEmail()).toBeGreaterThan(100);
    }, 120_000);
    let isOver = false;
    let bought = 0;
    const buying = (async () => {
      while (!isOver) {
        await buysAndWaits();
        bought++;
      }
    })();
    const { done, failure } = await mitigate({ case: "restart", value: { service: "email" } });
    isOver = true;
    await buying;
    expect({ done, failure }).toEqual({
      done: "email was given a new process; the old one has ended.",
      failure: "",
    });
    expect(bought).toBeGreaterThan(0);
    await eventually(async () => expect(await memoryOfEmail()).toBeLessThan(80), 30_000);
  }, 300_000);

  it("starts a service that shares the shop's process anew, and fails nobody", async () => {
    let isOver = false;
    const buying = (async () => {
      while (!isOver) await buys();
    })();
    for (const service of ["checkout", "payment", "cart", "accounting"]) {
      const { failure } = await mitigate({ case: "restart", value: { service } });
      expect(failure).toBe("");
    }
    isOver = true;
    await buying;
    await eventually(async () => {
      const [starts = 0] = await ask(
        "select count(*)::double from marks where kind = 'start' and service = 'checkout'",
      );
      expect(starts).toBeGreaterThan(1);
    });
  }, 120_000);
});

describe("scaling", () => {
  it("has a service run as several processes, which are called in turn, and is taken back by a reset", async () => {
    const { done, failure } = await mitigate({ case: "scale", value: { service: "checkout", replicas: 2 } });
    expect({ done, failure }).toEqual({
      done: "checkout runs as 2 processes of its own, which are called in turn.",
      failure: "",
    });
    const scaled = new Date();
    await eventually(async () => {
      await buys();
      expect(await processesOf("checkout", scaled)).toBe(2);
    }, 60_000);
    await client().reset({});
    const unscaled = new Date();
    await eventually(async () => {
      await buys();
      expect(await processesOf("checkout", unscaled)).toBe(1);
    }, 60_000);
  }, 240_000);
});

describe("a roll-back", () => {
  it("goes back one change of the flags that act in a service, and touches those of no other", async () => {
    await setFlag("paymentFailure", "10%");
    await setFlag("adFailure", "on");
    await setFlag("paymentFailure", "50%");
    await mitigate({ case: "rollBack", value: { service: "payment" } });
    expect(await variantOf("paymentFailure")).toBe("10%");
    await mitigate({ case: "rollBack", value: { service: "payment" } });
    expect([await variantOf("paymentFailure"), await variantOf("adFailure")]).toEqual(["off", "on"]);
  }, 60_000);
});

describe("what cannot be done", () => {
  it.each<[string, ActionKind | undefined, RegExp]>([
    ["nothing at all", undefined, /action/],
    [
      "a flag that there is not",
      { case: "clear", value: { flag: "magic" } },
      /There is no flag magic; there are .*adFailure/,
    ],
    [
      "a service that there is not",
      { case: "restart", value: { service: "x" } },
      /There is no service x; there are .*cart/,
    ],
    ["no replica", { case: "scale", value: { service: "cart", replicas: 0 } }, /replicas/],
    ["six replicas", { case: "scale", value: { service: "cart", replicas: 6 } }, /replicas/],
    ["the front", { case: "restart", value: { service: "frontend-proxy" } }, /without the shop.*Ctrl-C/],
    ["a roll-back without a change", { case: "rollBack", value: { service: "quote" } }, /No flag that acts in quote/],
  ])("%s is refused", async (_, kind, reason) => {
    await expect(client().mitigate(kind === undefined ? {} : { action: { kind } })).rejects.toThrow(reason);
  });

  it("a mitigation that there is not is told of", async () => {
    await expect(client().getMitigation({ mitigationId: crypto.randomUUID() })).rejects.toThrow(/no mitigation/);
  });
});

describe("the command", () => {
  it("does it and says what was done", async () => {
    const command = new OrreryProcess(["scenario", "mitigate", "restart", "quote", "--url", url]);
    expect(await command.ends(), command.err).toBe(0);
    expect(command.out).toBe("quote was started anew; it shares the process of the shop, which goes on.\n");
  }, 60_000);

  it.each([
    [["scale", "cart"], /To how many\?/],
    [["restart", "cart", "2"], /takes no number/],
    [["scale", "cart", "9"], /from 1 to 5/],
    [["shake", "cart"], /Allowed choices are clear, restart, roll-back, scale/],
    [["restart", "nobody"], /There is no service nobody/],
  ])(
    "%j is refused",
    async (args, reason) => {
      const command = new OrreryProcess(["scenario", "mitigate", ...args, "--url", url]);
      expect(await command.ends()).toBe(1);
      expect(command.err).toMatch(reason);
    },
    60_000,
  );
});

it("plain JSON over HTTP will do, too", async () => {
  const path = "/orrery.scenarios.v1.ScenarioService/Mitigate";
  const { status, body } = await api(url, path, { body: { action: { clear: { flag: "adFailure" } } } });
  expect([status, body.mitigation.done]).toEqual([200, "adFailure is at rest."]);
}, 60_000);
