import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { expect, it, onTestFinished } from "vitest";
import { FlagService } from "../../gen/orrery/flags/v1/flags_pb.ts";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";
import { TestFlags } from "./test-flags.ts";

it("a process that is killed while its schedule has a flag on leaves it on no longer than was planned", async () => {
  const flags = await TestFlags.make();
  onTestFinished(() => flags.remove());
  const port = String(await freePort());
  const environment = { ...flags.environment, FLAGD_UI_PORT: port };
  const client = createClient(
    FlagService,
    createConnectTransport({ baseUrl: `http://127.0.0.1:${port}`, httpVersion: "1.1" }),
  );
  const variant = async () => (await client.listFlags({})).flags.find(({ key }) => key === "adFailure")?.variant;
  const first = new OrreryProcess(["serve", "flagd-ui"], environment);
  await eventually(() => client.listFlags({}), 20_000);
  const settings = {
    intervalSeconds: 5,
    minSeconds: 5,
    maxSeconds: 5,
    concurrency: 1,
    seed: 1,
    flags: [{ key: "adFailure", variants: ["on"] }],
  };
  const { schedule } = await client.startSchedule({ settings });
  expect(schedule).toMatchObject({ isRunning: true, active: [{ key: "adFailure", variant: "on" }] });
  expect(await variant()).toBe("on");
  await first.kill();

  const second = new OrreryProcess(["serve", "flagd-ui"], environment);
  const now = await eventually(() => client.getSchedule({}), 20_000);
  expect(now.schedule).toMatchObject({ isRunning: true, settings: { seed: 1 } });
  // It went on as planned, or the time was up already.
  await eventually(async () => {
    const { schedule } = await client.getSchedule({});
    expect(schedule?.history).toContainEqual(expect.objectContaining({ key: "adFailure", variant: "on" }));
  }, 15_000);
  const { schedule: after } = await client.stopSchedule({});
  expect(after).toMatchObject({ isRunning: false, active: [] });
  expect(await variant()).toBe("off");
  const { activities } = await client.listActivity({});
  expect(activities.map(({ note }) => note)).toContain("The schedule begins, with seed 1");
  await second.terminate();
}, 60_000);

it("a process that is told to stop reverts what its schedule has on", async () => {
  const flags = await TestFlags.make();
  onTestFinished(() => flags.remove());
  const port = String(await freePort());
  const serving = new OrreryProcess(["serve", "flagd-ui"], { ...flags.environment, FLAGD_UI_PORT: port });
  const client = createClient(
    FlagService,
    createConnectTransport({ baseUrl: `http://127.0.0.1:${port}`, httpVersion: "1.1" }),
  );
  await eventually(() => client.listFlags({}), 20_000);
  const hour = { intervalSeconds: 3_600, minSeconds: 3_600, maxSeconds: 3_600 };
  await client.startSchedule({ settings: { ...hour, concurrency: 100 } });
  expect(await flags.notAtRest()).not.toEqual([]);
  await serving.terminate();
  expect(await flags.notAtRest()).toEqual([]);
}, 60_000);
