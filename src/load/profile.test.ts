import { globSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../domain/seeded-random.ts";
import { ArrivalSchedule } from "./arrival-schedule.ts";
import { parseProfile, readProfile } from "./profile.ts";

const root = join(import.meta.dirname, "../..");
const stage = (text: string) => parseProfile(`stages:\n  - ${text}\n`, "load.yaml").plan;

describe("shapes", () => {
  it("ramps go straight from one level to the other", () => {
    const { usersAt } = stage("{ duration: 10s, users: { shape: ramp, from: 0, to: 20 } }");
    expect([0, 2_500, 5_000].map(usersAt)).toEqual([0, 5, 10]);
  });

  it("steps are equally long", () => {
    const { usersAt } = stage("{ duration: 9s, users: { shape: steps, levels: [1, 5, 10] } }");
    expect([0, 2_999, 3_000, 5_999, 6_000, 8_999].map(usersAt)).toEqual([1, 1, 5, 5, 10, 10]);
  });

  it("spikes are the middle third", () => {
    const { rateAt } = stage("{ duration: 9s, rate: { shape: spike, base: 10, peak: 600/m } }");
    expect([0, 2_999, 3_001, 5_999, 6_001].map(rateAt)).toEqual([10, 10, 10, 10, 10]);
    const { rateAt: higher } = stage("{ duration: 9s, rate: { shape: spike, base: 10, peak: 100/s } }");
    expect([2_999, 3_001, 5_999, 6_001].map(higher)).toEqual([10, 100, 100, 10]);
  });

  it("days are lowest at midnight and highest at noon", () => {
    const { rateAt } = stage("{ duration: 24s, rate: { shape: day, low: 10, high: 90 } }");
    expect([0, 6_000, 12_000, 18_000].map((ms) => Math.round(rateAt(ms)))).toEqual([10, 50, 90, 50]);
  });

  it("stages follow each other, and what one does not name is none", () => {
    const { plan } = parseProfile(
      JSON.stringify({
        stages: [
          { duration: "1s", users: 3 },
          { duration: "2s", rate: "90/m" },
        ],
      }),
      "load.json",
    );
    expect(plan.durationMs).toBe(3_000);
    expect([500, 1_500].map((ms) => [plan.usersAt(ms), plan.rateAt(ms)])).toEqual([
      [3, 0],
      [0, 1.5],
    ]);
  });
});

it.each(globSync("examples/load/*.yaml", { cwd: root }))("%s is a profile", async (file) => {
  const { plan } = await readProfile(join(root, file));
  expect(plan.durationMs).toBeGreaterThan(60_000);
});

describe("a profile that cannot be", () => {
  it.each([
    ["stages: []", 1, /stages.*1/],
    ["stage: []", 1, /stage is not known here: there are name, stages/],
    ["- 5", 1, /The profile must be object/],
    [
      "stages:\n  - duration: 5s\n    user: 3",
      3,
      /stages\[0\]\.user is not known here: there are duration, users, rate/,
    ],
    ["stages:\n  - users: 3", 2, /stages\[0\].*duration/],
    [
      "stages:\n  - duration: soon\n    users: 3",
      2,
      /stages\[0\]\.duration is "soon": it takes a duration such as 90s/,
    ],
    ["stages:\n  - duration: 0s\n    users: 3", 2, /duration is "0s"/],
    ["stages:\n  - duration: 5s", 2, /stages\[0\] needs either users or rate, and has none/],
    ["stages:\n  - duration: 5s\n    users: 1\n    rate: 1", 2, /has both/],
    ["stages:\n  - duration: 5s\n    users: -1", 3, /users is -1: it takes a whole number of users from 0 to 10000/],
    ["stages:\n  - duration: 5s\n    users: 1.5", 3, /users is 1\.5/],
    ["stages:\n  - duration: 5s\n    rate: 1e9", 3, /rate is 1000000000: .*at most 50000\/s/],
    ["stages:\n  - duration: 5s\n    rate: fast", 3, /rate is "fast": it takes a rate such as/],
    [
      "stages:\n  - duration: 5s\n    users:\n      shape: wave",
      4,
      /users\.shape is "wave": .* ramp, steps, spike, day/,
    ],
    [
      "stages:\n  - duration: 5s\n    users: 1\n  - duration: 5s\n    users:\n      shape: steps\n      levels: [1, two]",
      7,
      /stages\[1\]\.users\.levels\[1\] is "two"/,
    ],
    ["stages:\n  - duration: 5s\n    rate: { shape: day, low: 9, high: 1 }", 3, /low is higher than high/],
    ["stages:\n  - duration: 5s\n    rate: { shape: ramp, from: 9 }", 3, /to/],
    ["stages:\n  - duration: 6d\n    rate: 1\n  - duration: 2d\n    rate: 1", 1, /more than 7 days/],
    ["stages: [", 1, /./],
  ])("%j is refused with file, line and reason", (text, line, reason) => {
    expect(() => parseProfile(text, "load.yaml")).toThrow(reason);
    expect(() => parseProfile(text, "load.yaml")).toThrow(new RegExp(`^load\\.yaml:${line}: `));
  });

  it("for the file is not there, is told by its name", async () => {
    await expect(readProfile("nowhere.yaml")).rejects.toThrow(/nowhere\.yaml.*no such file/);
  });
});

describe("arrivals", () => {
  const all = (schedule: ArrivalSchedule, untilMs: number) => {
    const found: number[] = [];
    for (let next = schedule.next(untilMs); next !== undefined && next <= untilMs; next = schedule.next(untilMs))
      found.push(next);
    return found;
  };

  it("are equally far apart at a rate that stays", () => {
    const times = all(
      new ArrivalSchedule(
        () => 50,
        () => 1,
      ),
      1_000,
    );
    expect(times.map(Math.round).slice(0, 5)).toEqual([20, 40, 60, 80, 100]);
  });

  it("are as many as a rate that changes comes to", () => {
    const times = all(
      new ArrivalSchedule(
        (ms) => ms / 10,
        () => 1,
      ),
      10_000,
    );
    expect(times.length).toBeGreaterThanOrEqual(4_999);
    expect(times.length).toBeLessThanOrEqual(5_000);
  });

  it("do not depend on when they are asked for", () => {
    const rateAt = (ms: number) => 200 + 100 * Math.sin(ms / 300);
    const often = new ArrivalSchedule(rateAt, () => 1);
    const found: number[] = [];
    for (let horizon = 0; horizon < 2_000; horizon += 7) found.push(...[often.next(horizon) ?? []].flat());
    expect(found.slice(0, 200)).toEqual(all(new ArrivalSchedule(rateAt, () => 1), 2_000).slice(0, 200));
  });

  it("at random are those of the seed, and as many on average", () => {
    const random = (seed: number) => {
      const numbers = new SeededRandom(seed, 0);
      return all(
        new ArrivalSchedule(
          () => 100,
          () => numbers.exponential(),
        ),
        20_000,
      );
    };
    expect(random(1)).toEqual(random(1));
    expect(random(2)).not.toEqual(random(1));
    expect(Math.abs(random(1).length - 2_000)).toBeLessThan(200);
  });
});
