import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketBounds, firstBucketAbove, LatencyCounts, latencyBucket } from "./latency-buckets.ts";

describe("buckets of latency", () => {
  it("hold what lies between their bounds", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 500_000, noNaN: true }), (ms) => {
        const [low, high] = bucketBounds(latencyBucket(ms));
        expect(ms).toBeGreaterThanOrEqual(low * 0.999_999);
        expect(ms).toBeLessThanOrEqual(high * 1.000_001);
      }),
    );
  });

  it("take whatever comes", () => {
    for (const ms of [Number.NaN, -1, 0, Number.POSITIVE_INFINITY]) {
      expect(latencyBucket(ms)).toBeGreaterThanOrEqual(0);
      expect(latencyBucket(ms)).toBeLessThan(96);
    }
  });

  it("tell quantiles to within a tenth", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 10_000, noNaN: true }), { minLength: 20, maxLength: 200 }),
        (all) => {
          const counts = new LatencyCounts();
          for (const ms of all) counts.add(latencyBucket(ms), 1, 0);
          const sorted = all.toSorted((a, b) => a - b);
          for (const share of [0.5, 0.95, 0.99]) {
            const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
            expect(counts.quantile(share)).toBeGreaterThan(exact * 0.83);
            expect(counts.quantile(share)).toBeLessThan(exact * 1.2);
          }
        },
      ),
    );
  });

  it("know none without calls", () => {
    expect(new LatencyCounts().quantile(0.5)).toBe(0);
  });

  it("are slower than a threshold from the one after its own on", () => {
    expect(firstBucketAbove(1_000)).toBeGreaterThan(latencyBucket(1_000));
    expect(latencyBucket(1_300)).toBeGreaterThanOrEqual(firstBucketAbove(1_000));
  });
});
