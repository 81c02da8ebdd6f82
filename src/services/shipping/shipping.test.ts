import { describe, expect, it } from "vitest";
import { countItems, trackingId } from "./shipping.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("a tracking id", () => {
  it("is the same for the same key and another for another", () => {
    expect(trackingId("order-1")).toBe(trackingId("order-1"));
    expect(trackingId("order-1")).not.toBe(trackingId("order-2"));
    expect(trackingId("order-1")).toMatch(uuid);
  });

  it("is a new one each time without a key", () => {
    expect(trackingId(undefined)).not.toBe(trackingId(undefined));
    expect(trackingId(undefined)).toMatch(uuid);
  });
});

describe("counting what to ship", () => {
  it("adds up quantities, none included", () => {
    expect(countItems([])).toEqual({ kind: "counted", count: 0 });
    expect(
      countItems([
        { productId: "A", quantity: 2 },
        { productId: "B", quantity: 3 },
      ]),
    ).toEqual({ kind: "counted", count: 5 });
  });

  it("refuses less than nothing, and names it", () => {
    expect(countItems([{ productId: "A", quantity: -2 }])).toEqual({ kind: "negative", productId: "A", quantity: -2 });
  });
});
