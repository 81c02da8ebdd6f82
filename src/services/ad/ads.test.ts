import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allAds, selectAds } from "./ads.ts";

describe("choosing ads", () => {
  it("gives every ad of the categories asked for, once", () => {
    const { kind, ads } = selectAds(["accessories", "travel", "accessories"]);
    expect(kind).toBe("targeted");
    expect(ads.map(({ productId }) => productId)).toEqual(["0PUK6V6EV0", "6E92ZMYYFZ", "L9ECAV7KIM", "1YMWWN1N4O"]);
  });

  it.each([[[]], [["books"]], [["flashlights", ""]], [["__proto__"]]])("falls back to chance for %j", (categories) => {
    expect(selectAds(categories).kind).toBe("random");
  });

  it("draws two different ads, and leaves none out", () => {
    const seen = new Set<string>();
    const draw = fc.integer({ min: 0, max: 999 }).map((thousandths) => thousandths / 1_000);
    fc.assert(
      fc.property(draw, draw, (first, second) => {
        const draws = [first, second];
        const { ads } = selectAds([], () => draws.shift() ?? 0);
        expect(new Set(ads).size).toBe(2);
        for (const { productId } of ads) seen.add(productId);
      }),
      { numRuns: 1_000 },
    );
    expect(seen.size).toBe(allAds.length);
  });
});
