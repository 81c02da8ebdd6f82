import { describe, expect, it } from "vitest";
import { type MemoryBounds, memoryUtilization } from "./memory-use.ts";

const mebi = 1_048_576;
const bounds: MemoryBounds = {
  heapLive: 32 * mebi,
  heapLimit: 128 * mebi,
  resident: 90 * mebi,
  available: 4_000 * mebi,
  constrained: 0,
  machine: 8_000 * mebi,
};

describe("the memory of a process is measured", () => {
  it("by its heap where nothing else bounds it", () => {
    expect(memoryUtilization(bounds)).toBe(0.25);
    expect(memoryUtilization({ ...bounds, constrained: Number.MAX_SAFE_INTEGER })).toBe(0.25);
  });

  it("by its container when that is nearer to its limit", () => {
    expect(memoryUtilization({ ...bounds, constrained: 100 * mebi, available: 10 * mebi })).toBe(0.9);
  });

  it("without the files that a container has read, and without the pages that others pay for", () => {
    expect(memoryUtilization({ ...bounds, constrained: 200 * mebi, available: 0 })).toBe(0.45);
    expect(memoryUtilization({ ...bounds, constrained: 200 * mebi, available: 140 * mebi })).toBe(0.3);
  });
});
