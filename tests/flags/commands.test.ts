import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";
import { startShop, type TestShop } from "../shop.ts";
import { TestFlags } from "./test-flags.ts";

let shop: TestShop;
let flags: TestFlags;

beforeAll(async () => {
  flags = await TestFlags.make();
  shop = await startShop({ environment: flags.environment });
});
afterAll(async () => {
  await shop?.stop();
  await flags?.remove();
});
beforeEach(() => flags.reset());

function run(...args: readonly string[]): OrreryProcess {
  return new OrreryProcess(["flags", ...args, "--url", shop.url]);
}

async function output(...args: readonly string[]): Promise<string> {
  const command = run(...args);
  expect(await command.ends(), command.err).toBe(0);
  return command.out;
}

describe("orrery flags", () => {
  it("sets a flag, lists it as not at rest, and clears it", async () => {
    expect(await output("set", "paymentFailure", "50%")).toBe("paymentFailure is 50% now; at rest it is off.\n");
    const listed = await output("list");
    expect(listed).toMatch(/^\* {2,}paymentFailure +50% +off 10% .*payment /m);
    expect(listed).toMatch(/^ {2,}adFailure +off /m);
    expect(await output("clear")).toBe("At rest now: paymentFailure.\n");
    expect(await output("clear")).toBe("They were at rest.\n");
  });

  it("speaks JSON to programs", async () => {
    expect(JSON.parse(await output("set", "adFailure", "on", "--json"))).toMatchObject({ variant: "on" });
    const all = JSON.parse(await output("list", "--json"));
    expect(all).toContainEqual(
      expect.objectContaining({ key: "adFailure", variant: "on", restingVariant: "off", isAtRest: false }),
    );
    expect(JSON.parse(await output("clear", "adFailure", "cartFailure", "--json"))).toEqual(["adFailure"]);
  });

  it.each([
    [["set", "adFailures", "on"], /no flag "adFailures".*adFailure,/],
    [["set", "adFailure", "yes"], /no variant "yes"; it has on, off/],
    [["clear", "nothing"], /no flag "nothing"/],
  ])("%j fails with one line that says what there is", async (args, message) => {
    const lines = await run(...args).fails();
    expect(lines).toEqual([expect.stringMatching(message)]);
  });

  it("says that no shop is there", async () => {
    const lines = await new OrreryProcess(["flags", "list", "--url", "http://127.0.0.1:9"]).fails();
    expect(lines).toEqual([expect.stringMatching(/No shop answers there/)]);
  });

  it("watches changes, whoever makes them", async () => {
    const watching = run("watch", "--json");
    await eventually(() => expect(watching.err).toMatch(/Waiting for changes/), 20_000);
    await flags.set("cartFailure", "10%");
    await output("set", "cartFailure", "off");
    await watching.says(/"by":"cli"/);
    const lines = watching.out.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { by: "file", key: "cartFailure", from: "off", to: "10%" },
      { by: "cli", key: "cartFailure", from: "10%", to: "off" },
    ]);
    await watching.terminate();
  });
});
