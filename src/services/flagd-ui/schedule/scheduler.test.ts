import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../../tests/eventually.ts";
import { declareFlags } from "../../../platform/flags/flag.ts";
import { flagDocument, flagDocumentText, withVariant } from "../../../platform/flags/flag-document.ts";
import { FlagFile } from "../../../platform/flags/flag-file.ts";
import type { KnownFlag } from "../../../platform/flags/flag-names.ts";
import { createLogger } from "../../../platform/logging/logger.ts";
import { ActivityLog } from "../activity-log.ts";
import { recordChanges } from "../recorder.ts";
import { Scheduler } from "./scheduler.ts";
import { usualSettings } from "./settings.ts";

const declared = declareFlags([
  { key: "one", description: "One", variants: { on: true, off: false }, resting: "off" },
  { key: "two", description: "Two", variants: { off: 0, half: 0.5, full: 1 }, resting: "off" },
  { key: "awake", description: "Rests at on", variants: { on: 1, off: 0 }, resting: "on" },
  {
    key: "some",
    description: "For some",
    variants: { on: true, off: false },
    resting: "off",
    targeting: { if: [{ var: "x" }, "off", "off"] },
  },
  { key: "only", description: "Has one variant", variants: { off: 0 }, resting: "off" },
]);
const known: ReadonlyMap<string, KnownFlag> = new Map(
  declared.map((flag) => [flag.key, { ...flag, service: "x", isFault: false }]),
);

/** On from the beginning of each interval to its end. */
const always = { ...usualSettings, intervalMs: 3_600_000, minMs: 3_600_000, maxMs: 3_600_000, concurrency: 4, seed: 7 };
/** On and off all the time. */
const busy = { ...usualSettings, intervalMs: 60, minMs: 20, maxMs: 30, concurrency: 2, seed: 7 };

class Place {
  readonly path: string;
  readonly lines: string[] = [];
  readonly #schedulers: Scheduler[] = [];
  readonly file: FlagFile;
  readonly activity: ActivityLog;

  private constructor(file: FlagFile, activity: ActivityLog) {
    this.file = file;
    this.path = file.path;
    this.activity = activity;
  }

  static async make(): Promise<Place> {
    const folder = await mkdtemp(join(tmpdir(), "orrery-schedule-"));
    const path = join(folder, "demo.flagd.json");
    await writeFile(path, flagDocumentText(flagDocument(declared)));
    const log = createLogger({ level: "silent" });
    const file = await FlagFile.open(path, log);
    const activity = await ActivityLog.open(`${path}.activity`, log);
    const place = new Place(file, activity);
    const endRecording = recordChanges(file, activity);
    onTestFinished(async () => {
      for (const scheduler of place.#schedulers) await scheduler.close();
      endRecording();
      await activity.close();
      await file.close();
      await rm(folder, { recursive: true, force: true });
    });
    return place;
  }

  async open(): Promise<Scheduler> {
    const scheduler = await Scheduler.open({
      file: this.file,
      known,
      activity: this.activity,
      path: `${this.path}.schedule`,
      log: createLogger({ level: "silent" }),
      leastMs: 1,
    });
    this.#schedulers.push(scheduler);
    scheduler.begin();
    return scheduler;
  }

  /** What a process that is killed leaves behind, for one that comes after it. */
  async crash(): Promise<void> {
    const state = await readFile(`${this.path}.schedule`, "utf8");
    const text = this.file.state.text;
    for (const scheduler of this.#schedulers.splice(0)) await scheduler.close();
    await writeFile(`${this.path}.schedule`, state);
    await this.file.write(text);
  }

  get on(): readonly string[] {
    const { flags } = this.file.set.document;
    return Object.entries(flags).flatMap(([key, { defaultVariant, targeting }]) => {
      const variant = Array.isArray(targeting?.if) ? targeting.if[1] : defaultVariant;
      return variant === known.get(key)?.resting ? [] : [`${key}=${variant}`];
    });
  }

  get notes(): readonly string[] {
    return this.activity.latest(100).map(({ key, note }) => `${key}: ${note}`);
  }
}

it("switches on what has a resting variant and another, and a stop puts all of it at rest", async () => {
  const place = await Place.make();
  const scheduler = await place.open();
  expect(scheduler.view.eligible.map(({ key }) => key)).toEqual(["one", "two", "awake", "some"]);
  expect(await scheduler.start(always)).toEqual({ kind: "started" });
  expect(place.on).toHaveLength(4);
  expect(place.on).toEqual(expect.arrayContaining(["one=on", "awake=off", "some=on"]));
  expect(scheduler.view).toMatchObject({ isRunning: true, intervalNumber: 1, planned: 4, settings: { seed: 7 } });
  expect(scheduler.view.active).toHaveLength(4);
  expect(await scheduler.stop()).toBeUndefined();
  expect(place.on).toEqual([]);
  expect(scheduler.view).toMatchObject({ isRunning: false, intervalNumber: 0, active: [], nextMs: undefined });
  expect(scheduler.view.history).toHaveLength(4);
  expect(place.activity.latest(1)).toMatchObject([{ writer: "scheduler", note: "The schedule is stopped" }]);
});

it("goes on interval after interval, remembers the last ten, and leaves nothing on", async () => {
  const place = await Place.make();
  const scheduler = await place.open();
  await scheduler.start(busy);
  await eventually(() => expect(scheduler.view.history).toHaveLength(10));
  expect(scheduler.view.intervalNumber).toBeGreaterThan(4);
  await scheduler.stop();
  expect(place.on).toEqual([]);
});

it("switches on only what is selected, and refuses what cannot be", async () => {
  const place = await Place.make();
  const scheduler = await place.open();
  await scheduler.start({ ...always, selection: { two: ["half"] } });
  expect(place.on).toEqual(["two=half"]);
  const refused = async (selection: Record<string, string[]>) => {
    const started = await scheduler.start({ ...always, selection, concurrency: 0 });
    return started.kind === "refused" ? started.problems.join("; ") : started.kind;
  };
  expect(await refused({ nothing: [] })).toMatch(/from 1 to 100 flags.*"nothing" cannot.*one, two, awake, some/);
  expect(await refused({ only: [] })).toMatch(/"only" cannot/);
  expect(await refused({ two: ["off"] })).toMatch(/"off" of two is the resting one; select of half, full/);
  expect(await refused({ two: ["quarter"] })).toMatch(/"quarter" of two is not there/);
  // What runs goes on.
  expect([place.on, scheduler.view.isRunning]).toEqual([["two=half"], true]);
});

it("a start in place of another reverts what that one has on", async () => {
  const place = await Place.make();
  const scheduler = await place.open();
  await scheduler.start({ ...always, selection: { one: [] } });
  await scheduler.start({ ...always, selection: { two: ["full"] } });
  expect(place.on).toEqual(["two=full"]);
});

it("a flag that somebody has switched is left alone, before and meanwhile, and it is told", async () => {
  const place = await Place.make();
  await place.file.update((document) => withVariant(document, "one", "on"));
  const scheduler = await place.open();
  await scheduler.start({ ...always, selection: { one: [], two: ["full"] } });
  expect(scheduler.view.active.map(({ key }) => key)).toEqual(["two"]);
  expect(place.notes).toContain("one: Not switched to on: it is on already");
  await place.file.update((document) => withVariant(document, "two", "half"));
  await scheduler.stop();
  expect(place.on).toEqual(["one=on", "two=half"]);
  expect(place.notes).toContain("two: Not reverted: it has been changed to half meanwhile");
  expect(scheduler.view.history).toMatchObject([{ key: "two", variant: "full", isLeft: true }]);
});

it("when the process ends all is reverted, and the schedule goes on with the next one", async () => {
  const place = await Place.make();
  const first = await place.open();
  await first.start(busy);
  await eventually(() => expect(first.view.history.length).toBeGreaterThan(0));
  await first.close();
  expect(place.on).toEqual([]);
  const second = await place.open();
  expect(second.view).toMatchObject({ isRunning: true, settings: { seed: 7 } });
  const before = second.view.history.length;
  await eventually(() => expect(second.view.history.length).toBeGreaterThan(Math.min(before, 9)));
  await second.stop();
  expect(place.on).toEqual([]);
});

it("after a crash what is on is held until its time is up, and is reverted then", async () => {
  const place = await Place.make();
  const first = await place.open();
  await first.start({ ...always, intervalMs: 3_000, minMs: 3_000, maxMs: 3_000, selection: { two: ["full"] } });
  await place.crash();
  expect(place.on).toEqual(["two=full"]);
  const second = await place.open();
  expect(second.view.active).toMatchObject([{ key: "two", variant: "full" }]);
  await eventually(() => expect(second.view.history).not.toEqual([]));
  await second.stop();
  expect(place.on).toEqual([]);
});

it("after a crash while no schedule ran any more what is still on is reverted at once", async () => {
  const place = await Place.make();
  const first = await place.open();
  await first.start({ ...always, selection: { two: ["full"] } });
  const state = JSON.parse(await readFile(`${place.path}.schedule`, "utf8"));
  await place.crash();
  await writeFile(`${place.path}.schedule`, JSON.stringify({ ...state, course: null }));
  await place.open();
  await eventually(() => expect(place.on).toEqual([]));
});

it("what cannot be reverted because the file is broken is reverted as soon as it is mended", async () => {
  const place = await Place.make();
  const scheduler = await place.open();
  await scheduler.start({ ...always, selection: { two: ["full"] } });
  const good = place.file.state.text;
  await writeFile(place.path, "{");
  expect(await scheduler.stop()).toMatch(/two cannot be reverted/);
  expect(await scheduler.start(always)).toMatchObject({ kind: "stuck" });
  expect(scheduler.view).toMatchObject({ isRunning: false, active: [{ key: "two" }] });
  await writeFile(place.path, good);
  await eventually(() => expect(place.on).toEqual([]));
  expect(scheduler.view.active).toEqual([]);
});

it("a state that cannot be read begins anew", async () => {
  const place = await Place.make();
  await writeFile(`${place.path}.schedule`, '{"held": "x"}');
  const scheduler = await place.open();
  expect(scheduler.view).toMatchObject({ isRunning: false, settings: { intervalMs: 900_000, concurrency: 1 } });
});
