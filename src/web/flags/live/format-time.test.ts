import { expect, it } from "vitest";
import { formatSpan } from "./format-time.ts";

it.each([
  [-5, "0 s"],
  [1_499, "1 s"],
  [59_600, "1 min"],
  [125_000, "2 min 5 s"],
  [5_400_000, "1 h 30 min"],
  [3_600_000, "1 h"],
])("%i ms are %s", (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});
