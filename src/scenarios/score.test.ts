import { describe, expect, it } from "vitest";
import type { Answer } from "./answer.ts";
import { readAnswer, readTruth } from "./check-answer.ts";
import { scoreAnswer } from "./score.ts";
import type { Truth } from "./truth.ts";

const payment = {
  entity: "payment",
  reason: "charges fail",
  category: "errors",
  injectedAt: "2026-01-10T12:03:17.000Z",
};
const ad = { entity: "ad", reason: "advertisements fail", category: "errors", injectedAt: "2026-01-10T12:03:47.000Z" };
const truth = (...rootCauses: Truth["rootCauses"]): Truth => ({ version: 1, scenario: "test", rootCauses });
const ranked = (...names: string[]): Answer => ({ rootCauses: names.map((entity) => ({ entity })) });

describe("the accuracy of a ranking", () => {
  it("counts from the rank on which the cause stands", () => {
    expect(scoreAnswer(truth(payment), ranked("checkout", "frontend", "payment", "cart"))).toMatchObject({
      accuracy: [0, 0, 1, 1, 1],
      average: 0.6,
      causes: [{ entity: "payment", rank: 3 }],
    });
  });

  it("is nothing for a cause that is not named", () => {
    const { accuracy, average, causes } = scoreAnswer(truth(payment), ranked("checkout"));
    expect(accuracy).toEqual([0, 0, 0, 0, 0]);
    expect(average).toBe(0);
    expect(causes[0]?.rank).toBeUndefined();
  });

  it("of two causes is the share of those that the first ranks could hold", () => {
    const { accuracy } = scoreAnswer(truth(payment, ad), ranked("payment", "checkout", "ad"));
    expect(accuracy).toEqual([1, 0.5, 1, 1, 1]);
  });

  it("takes neither case nor spaces for a difference", () => {
    expect(scoreAnswer(truth(payment), ranked(" Payment ")).accuracy[0]).toBe(1);
  });
});

describe("the points of an answer", () => {
  const right = { entity: "payment", reason: "charges fail", time: "2026-01-10T12:03:17Z" };

  it("are all earned by entity, reason and time", () => {
    const score = scoreAnswer(truth(payment), { rootCauses: [right] });
    expect(score).toMatchObject({ points: { earned: 3, possible: 3 }, isSolved: true });
    expect(score.causes[0]).toMatchObject({ isReasonRight: true, timeErrorSeconds: 0 });
  });

  it.each([
    ["60 s", 1_768_046_657, 3],
    ["61 s", 1_768_046_658, 2],
  ])("for a time that is %s off follow OpenRCA's rule", (_, time, earned) => {
    expect(scoreAnswer(truth(payment), { rootCauses: [{ ...right, time }] }).points.earned).toBe(earned);
  });

  it("pair answers and causes as is best", () => {
    const answer: Answer = { rootCauses: [{ entity: "ad", reason: "advertisements fail" }, right] };
    expect(scoreAnswer(truth(payment, ad), answer).points).toEqual({ earned: 5, possible: 6 });
  });

  it("are none when fewer causes are named than there are", () => {
    expect(scoreAnswer(truth(payment, ad), { rootCauses: [right] }).points.earned).toBe(0);
  });
});

describe("without a fault", () => {
  it("silence is right", () => {
    expect(scoreAnswer(truth(), { rootCauses: [] })).toMatchObject({ accuracy: [1, 1, 1, 1, 1], isSolved: true });
  });

  it("any name is a false alarm", () => {
    expect(scoreAnswer(truth(), ranked("payment"))).toMatchObject({ accuracy: [0, 0, 0, 0, 0], isSolved: false });
  });
});

describe("an answer", () => {
  it.each([
    ["that is no JSON", "{", /^a\.json is not JSON: /],
    ["without causes", "{}", /^a\.json: must have required properties rootCauses\nIt should be as scenarios\/answer/],
    ["of another shape", '{"rootCauses": ["payment"]}', /^a\.json: rootCauses\.0: must be object/],
    ["with a field too many", '{"rootCauses": [], "cause": "x"}', /^a\.json: must not have additional properties/],
    [
      "with a category that there is not",
      '{"rootCauses": [{"entity": "payment", "category": "bad"}]}',
      /^a\.json: rootCauses\.0\.category: must be equal to one of the allowed values: errors, latency, cpu/,
    ],
    [
      "with a time that leaves open when that is",
      '{"rootCauses": [{"entity": "payment", "time": "2026-01-10 12:03:17"}]}',
      /^a\.json: rootCauses\[0\]\.time: "2026-01-10 12:03:17" is not ISO 8601 with a time zone$/,
    ],
    [
      "that names somebody twice",
      '{"rootCauses": [{"entity": "payment"}, {"entity": "payment"}]}',
      /^a\.json: rootCauses\[1\]\.entity: payment is rootCauses\[0\] already$/,
    ],
  ])("%s is refused with the reason", (_, text, message) => {
    expect(() => readAnswer(text, "a.json")).toThrow(message);
  });

  it("may give its time in seconds or with a zone", () => {
    const text =
      '{"rootCauses": [{"entity": "a", "time": 1768046597}, {"entity": "b", "time": "2026-01-10T13:03:17+01:00"}]}';
    expect(readAnswer(text, "a.json").rootCauses).toHaveLength(2);
  });

  it("is not compared with a truth that is none", () => {
    expect(() => readTruth('{"version": 2}', "truth.json")).toThrow(
      /truth\.json: .*\n[\s\S]*It should be as the truth\.json/,
    );
  });
});
