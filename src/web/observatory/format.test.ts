import { describe, expect, it } from "vitest";
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatDuration,
  formatInUnit,
  formatRate,
  formatShare,
} from "./format.ts";

describe("numbers as people read them", () => {
  it.each([
    [0, "0 ms"],
    [0.000084, "84 ns"],
    [0.0413, "41.3 µs"],
    [0.000_999_7, "1 µs"],
    [0.9997, "1 ms"],
    [12.345, "12.3 ms"],
    [999.7, "1 s"],
    [4020, "4.02 s"],
    [119_999, "2 min 0 s"],
    [200_000, "3 min 20 s"],
    [7_200_000, "2 h"],
    [Number.NaN, "–"],
  ])("a duration of %d ms is %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([
    [0, "0/s"],
    [0.02, "1.2/min"],
    [0.3, "0.3/s"],
    [42.12, "42.1/s"],
    [12_345, "12.3K/s"],
  ])("%d a second is %s", (rate, text) => {
    expect(formatRate(rate)).toBe(text);
  });

  it.each([
    [0, "0 %"],
    [0.00001, "<0.01 %"],
    [0.0781, "7.8 %"],
    [0.9893, "98.93 %"],
    [1, "100 %"],
  ])("a share of %d is %s", (share, text) => {
    expect(formatShare(share)).toBe(text);
  });

  it("counts and bytes stay short", () => {
    expect(formatCount(9_999n)).toBe("9,999");
    expect(formatCount(48_213)).toBe("48.2K");
    expect(formatBytes(61_240_000n)).toBe("61.2 MB");
  });

  it("a metric is shown in its unit, and the rate of a histogram of seconds as calls", () => {
    expect(formatInUnit(0.0123, "s", false)).toBe("12.3 ms");
    expect(formatInUnit(3.4, "1", true)).toBe("3.4/s");
    expect(formatInUnit(310_000_000, "By", false)).toBe("310 MB");
    expect(formatInUnit(12, "{order}", false)).toBe("12");
  });

  it("a clock that is a little ahead is no future", () => {
    expect(formatAgo(1_000_500, 1_000_000)).toBe("now");
    expect(formatAgo(0, 45_000)).toBe("45 s ago");
  });
});
