import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { eventually } from "../eventually.ts";
import { TestFlags } from "../flags/test-flags.ts";
import { OrreryProcess } from "../orrery-process.ts";

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

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orrery-process-ends-"));
  // Started as root, PostgreSQL runs as another user, and keeps its files elsewhere when that user cannot get here.
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function up(environment: Readonly<Record<string, string>>): OrreryProcess {
  return new OrreryProcess(["up", "--port", "0", "--data-dir", folder, "--no-load"], environment);
}

/** A shop whose flags have sent three services into processes of their own. */
async function shopWithChildren(): Promise<{ readonly shop: OrreryProcess; readonly children: readonly number[] }> {
  const flags = await TestFlags.make();
  onTestFinished(() => flags.remove());
  const shop = up(flags.environment);
  // Whatever a test has found, it leaves no shop behind; one that has ended is killed in vain.
  onTestFinished(() => shop.kill());
  const [, url = ""] = await shop.says(/The shop +(http\S+)\//);
  await flags.setIn(url, "adManualGc", "on");
  await flags.setIn(url, "emailMemoryLeak", "1x");
  await flags.setIn(url, "recommendationCacheFailure", "on");
  const children = await eventually(async () => {
    const services = await servicesOf(shop.pid);
    expect([...services.keys()].sort()).toEqual(["ad", "email", "recommendation"]);
    return [...services.values()];
  }, 20_000);
  return { shop, children };
}

it("processes of services end with a shop that is told to stop", { timeout: 120_000 }, async () => {
  const { shop, children } = await shopWithChildren();
  expect(await shop.terminate()).toBeLessThan(10_000);
  expect(children.filter(isAlive)).toEqual([]);
});

it("processes of services end with a shop that is killed", { timeout: 120_000 }, async () => {
  const { shop, children } = await shopWithChildren();
  await shop.kill();
  await eventually(() => expect(children.filter(isAlive)).toEqual([]), 20_000);
  // The next one takes over the database that was left running.
  const next = up({});
  onTestFinished(() => next.kill());
  await next.says(/Ctrl-C/);
  await next.terminate();
});
