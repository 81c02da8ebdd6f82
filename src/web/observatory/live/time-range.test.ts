import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { bounds, fixedRange, parseTimeRange, requestRange } from "./time-range.ts";

describe("a range in an address", () => {
  it.each([
    ["5m", { kind: "last", seconds: 300 }],
    ["1h", { kind: "last", seconds: 3600 }],
    ["all", { kind: "all" }],
    ["1700000000000-1700000060000", { kind: "fixed", startMs: 1_700_000_000_000, endMs: 1_700_000_060_000 }],
  ])("%s is understood", (text, range) => {
    expect(parseTimeRange(text)).toEqual(range);
  });

  it.each([undefined, "", "0m", "5x", "1700000060000-1700000000000", "<script>"])("%s gives the default", (text) => {
    expect(parseTimeRange(text)).toEqual({ kind: "last", seconds: 900 });
  });

  it("survives being written and read", () => {
    expect(parseTimeRange(fixedRange(1_700_000_000_000.4, 1_700_000_060_000.2))).toEqual({
      kind: "fixed",
      startMs: 1_700_000_000_000,
      endMs: 1_700_000_060_001,
    });
  });
});

describe("what is asked for", () => {
  const now = 1_700_000_000_000;

  it("a window that ends now has no end", () => {
    const { start, end } = requestRange({ kind: "last", seconds: 60 }, now, undefined);
    expect(timestampMs(start)).toBe(now - 60_000);
    expect(end).toBeUndefined();
  });

  it("a window is no longer than what is kept", () => {
    expect(bounds({ kind: "last", seconds: 900 }, now, now - 200_000).startMs).toBe(now - 205_000);
    expect(bounds({ kind: "last", seconds: 900 }, now, now - 2_000_000).startMs).toBe(now - 900_000);
    expect(bounds({ kind: "last", seconds: 30 }, now, now - 10_000).startMs).toBe(now - 30_000);
  });

  it("all goes back to the oldest that is kept", () => {
    expect(bounds({ kind: "all" }, now, now - 7_000_000).startMs).toBe(now - 7_000_000);
  });
});
