import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";
import { SwitchedFlags } from "./switched-flags.ts";

/** The processes that a process has started to run services, by their names. */
async function servicesOf(parent: number): Promise<ReadonlyMap<string, number>> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,args="]);
  const services = stdout.split("\n").flatMap((line): [string, number][] => {
    const [, pid, ppid, name] = /^\s*(\d+)\s+(\d+)\s.*\sserve ([\w-]+) --parent/.exec(line) ?? [];
    return name !== undefined && Number(ppid) === parent ? [[name, Number(pid)]] : [];
  });
  return new Map(services);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A shop whose flags have sent three services into processes of their own. */
async function shopWithChildren(): Promise<{ readonly shop: OrreryProcess; readonly children: readonly number[] }> {
  const flags = await SwitchedFlags.create();
  onTestFinished(() => flags.remove());
  const shop = new OrreryProcess(["up", "--port", "0", "--ephemeral", "--no-load"], { FLAGD_FILE: flags.path });
  const [, url = ""] = await shop.says(/The shop +(http\S+)\//);
  await flags.set(url, "adManualGc", "on");
  await flags.set(url, "emailMemoryLeak", "1x");
  await flags.set(url, "recommendationCacheFailure", "on");
  const children = await eventually(async () => {
    const services = await servicesOf(shop.pid);
    expect([...services.keys()].sort()).toEqual(["ad", "email", "recommendation"]);
    return [...services.values()];
  }, 20_000);
  return { shop, children };
}

it("processes of services end with a shop that is told to stop", { timeout: 60_000 }, async () => {
  const { shop, children } = await shopWithChildren();
  expect(await shop.terminate()).toBeLessThan(10_000);
  expect(children.filter(isAlive)).toEqual([]);
});

it("processes of services end with a shop that is killed", { timeout: 60_000 }, async () => {
  const { shop, children } = await shopWithChildren();
  await shop.kill();
  await eventually(() => expect(children.filter(isAlive)).toEqual([]), 20_000);
});
