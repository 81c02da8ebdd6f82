import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../platform/lifecycle/free-port.ts";
import type { Engine, EngineCommand } from "./engine.ts";
import { RunningEngine, startEngine } from "./running-engine.ts";
import { java } from "./tools.ts";

/** An engine that answers HTTP with how often it was started on its data. */
function counter(changes: Partial<EngineCommand> = {}): Engine {
  const program = `
    const fs = require("node:fs");
    const starts = (fs.existsSync("starts") ? Number(fs.readFileSync("starts")) : 0) + 1;
    fs.writeFileSync("starts", String(starts));
    process.on("SIGTERM", () => process.exit(0));
    require("node:http").createServer((_, response) => response.end(String(starts)))
      .listen(Number(process.argv[1]), "127.0.0.1", () => console.log("listening"));`;
  return {
    name: "counter",
    version: "1",
    purpose: "to be tested",
    withoutIt: "nothing is tested",
    installsWith: [],
    runsWith: [],
    recipe: [],
    ports: { http: 8000 },
    install: () => Promise.resolve(),
    prepare: async ({ ports }) => ({
      program: process.execPath,
      args: ["-e", program, String(ports.http)],
      isReady: (output) => output.includes("listening"),
      readyWithinMs: 10_000,
      stopWithinMs: 5_000,
      ...changes,
    }),
  };
}

async function dataDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-engine-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const starts = async (address: string) => Number(await (await fetch(`http://${address}/`)).text());

test("an engine starts, stops, is killed and starts again on its data and port", async () => {
  const engine = await startEngine(counter(), { home: "", dataDir: await dataDir() });
  onTestFinished(() => engine.kill());
  const { address, pid } = engine;
  expect(await starts(address)).toBe(1);
  const stopped = engine.ended();
  await engine.stop();
  expect(await stopped).toBe(0);
  expect(engine.pid).toBeUndefined();
  expect(await engine.ended()).toBeUndefined();
  await expect(starts(address)).rejects.toThrow();
  await engine.start();
  expect(await starts(address)).toBe(2);
  expect(engine.pid).not.toBe(pid);
  await engine.kill();
  await expect(starts(address)).rejects.toThrow();
  await engine.start();
  expect(engine.address).toBe(address);
  expect(await starts(address)).toBe(3);
  await engine.stop();
  expect(await readFile(engine.log, "utf8")).toBe("listening\n".repeat(3));
});

test("an engine that ends at its start says so, with its last words", async () => {
  const broken = counter({ args: ["-e", "console.error('no such setting: tick'); process.exit(3)"] });
  await expect(startEngine(broken, { home: "", dataDir: await dataDir() })).rejects.toThrow(
    /counter ended before it was ready; .*no such setting: tick$/s,
  );
});

test("a port that is taken is told, and nothing is started", async () => {
  const first = await startEngine(counter(), { home: "", dataDir: await dataDir() });
  onTestFinished(() => first.kill());
  await expect(startEngine(counter(), { home: "", dataDir: await dataDir(), ports: first.ports })).rejects.toThrow(
    `Port ${first.ports.http}, which counter wants as http, is taken: end what listens there (ss -ltnp shows it).`,
  );
});

test("an engine that does not get ready is ended", async () => {
  const sleepy = counter({ isReady: () => false, readyWithinMs: 500 });
  await expect(startEngine(sleepy, { home: "", dataDir: await dataDir() })).rejects.toThrow(
    /counter is not ready after 0\.5 s/,
  );
});

test("a program that is not there is told", async () => {
  const absent = counter({ program: "orrery-no-such-program" });
  await expect(startEngine(absent, { home: "", dataDir: await dataDir() })).rejects.toThrow(/orrery-no-such-program/);
  const needy = { ...counter(), runsWith: [{ ...java, program: "orrery-no-java" }] };
  await expect(startEngine(needy, { home: "", dataDir: await dataDir() })).rejects.toThrow(
    /^counter cannot run: orrery-no-java 17 or newer \(.*\) is not installed\.$/,
  );
});

test("an engine that ignores SIGTERM is killed when its time is over", async () => {
  const stubborn = counter({
    args: ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('listening')"],
    stopWithinMs: 200,
  });
  const engine = await startEngine(stubborn, { home: "", dataDir: await dataDir() });
  const ended = engine.ended();
  await engine.stop();
  expect(await ended).toBe("SIGKILL");
  expect(engine.pid).toBeUndefined();
});

test("an engine that is stopped while it prepares its start is not started", async () => {
  const { promise: prepared, resolve: goOn } = Promise.withResolvers<void>();
  const slow = counter();
  const engine = new RunningEngine(
    {
      ...slow,
      async prepare(place) {
        await prepared;
        return slow.prepare(place);
      },
    },
    { home: "", dataDir: await dataDir(), ports: { http: await freePort() }, settings: {} },
  );
  onTestFinished(() => engine.kill());
  const starting = engine.start();
  await engine.stop();
  goOn();
  await expect(starting).rejects.toThrow("counter was stopped before it had started");
  expect(engine.pid).toBeUndefined();
});
