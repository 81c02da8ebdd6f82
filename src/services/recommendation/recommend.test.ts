import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeProductIds, maxRecommendations, recommend } from "./recommend.ts";

const id = fc.stringMatching(/^[A-Z0-9]{2,10}$/);

describe("product ids on the wire", () => {
  it("are read alike one an element, comma-joined, and taken apart into characters", () => {
    fc.assert(
      fc.property(fc.array(id, { minLength: 1 }), (ids) => {
        expect(decodeProductIds(ids)).toEqual(ids);
        expect(decodeProductIds([ids.join(",")])).toEqual(ids);
        expect(decodeProductIds([...ids.join(",")])).toEqual(ids);
      }),
    );
  });
});

describe("recommendations", () => {
  it("are known, not excluded, all different, and as many as there can be", () => {
    fc.assert(
      fc.property(fc.uniqueArray(id), fc.array(id), (all, strangers) => {
        const excluded = [...all.filter((_, index) => index % 3 === 0), ...strangers];
        const given = recommend(all, excluded);
        const possible = all.filter((candidate) => !excluded.includes(candidate));
        expect(given.every((candidate) => possible.includes(candidate))).toBe(true);
        expect(new Set(given).size).toBe(given.length);
        expect(given).toHaveLength(Math.min(maxRecommendations, possible.length));
      }),
    );
  });
});
