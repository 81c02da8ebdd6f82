import fc from "fast-check";
import { expect, it } from "vitest";
import { planInterval } from "./plan.ts";
import { settingsProblems, usualSettings } from "./settings.ts";

const flags = ["a", "b", "c"].map((key) => ({ key, resting: "off", variants: ["low", "high"] }));

it("an interval has as many different flags as are wanted, each within it and for a time that is allowed", () => {
  fc.assert(
    fc.property(
      fc.nat(2 ** 32 - 1),
      fc.nat(1_000),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 100_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (seed, index, concurrency, intervalMs, most, least) => {
        const maxMs = Math.max(1, Math.floor(intervalMs * most));
        const minMs = Math.max(1, Math.floor(maxMs * least));
        const settings = { ...usualSettings, intervalMs, minMs, maxMs, concurrency };
        const planned = planInterval({ seed, index, settings, selected: flags });
        expect(planned).toHaveLength(Math.min(concurrency, 3));
        expect(new Set(planned.map(({ key }) => key)).size).toBe(planned.length);
        for (const { fromMs, untilMs, variant } of planned) {
          expect(["low", "high"]).toContain(variant);
          expect(fromMs).toBeGreaterThanOrEqual(0);
          expect(untilMs).toBeLessThanOrEqual(intervalMs);
          expect(untilMs - fromMs).toBeGreaterThanOrEqual(minMs);
          expect(untilMs - fromMs).toBeLessThanOrEqual(maxMs);
        }
        expect(planned.map(({ fromMs }) => fromMs)).toEqual(
          planned.map(({ fromMs }) => fromMs).toSorted((a, b) => a - b),
        );
      },
    ),
  );
});

it("the same seed makes the same choices, another one others, and so does the next interval", () => {
  const plan = (seed: number, index: number) =>
    JSON.stringify(planInterval({ seed, index, settings: usualSettings, selected: flags }));
  expect(plan(1, 0)).toBe(plan(1, 0));
  expect(plan(1, 0)).not.toBe(plan(2, 0));
  expect(plan(1, 0)).not.toBe(plan(1, 1));
});

it("every flag and every variant has its turn", () => {
  const seen = Array.from({ length: 200 }, (_, index) =>
    planInterval({ seed: 1, index, settings: usualSettings, selected: flags }),
  ).flatMap((planned) => planned.map(({ key, variant }) => `${key}=${variant}`));
  expect(new Set(seen).size).toBe(6);
});

it.each([
  [{}, []],
  [{ intervalMs: 999, minMs: 500, maxMs: 900 }, [/interval.*at least 1 s.*0\.999/, /least time.*at least 1 s/]],
  [{ intervalMs: 25 * 3_600_000 }, [/at most 86400 s/]],
  [{ minMs: 60_000, maxMs: 59_000 }, [/\(59 s\).*below the least \(60 s\)/]],
  [{ maxMs: 901_000 }, [/exceed the interval \(900 s\)/]],
  [{ concurrency: 0 }, [/from 1 to 100.*not 0/]],
  [{ concurrency: 1.5 }, [/not 1\.5/]],
  [{ concurrency: 101 }, [/not 101/]],
])("of settings %j it is told what is out of range", (settings, expected) => {
  const problems = settingsProblems({ ...usualSettings, ...settings });
  expect(problems).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
});
