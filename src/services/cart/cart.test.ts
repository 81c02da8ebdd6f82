import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addLine, type Cart, emptyCart, maxLines, maxQuantity } from "./cart.ts";

const line = fc.record({
  productId: fc.constantFrom("A", "B", "C"),
  quantity: fc.integer({ min: -5, max: 9 }).filter((quantity) => quantity !== 0),
});

describe("a cart", () => {
  it("holds the sum of what was added and taken, and no line without a quantity", () => {
    fc.assert(
      fc.property(fc.array(line), (changes) => {
        const expected = new Map<string, number>();
        let cart: Cart = emptyCart;
        for (const change of changes) {
          const outcome = addLine(cart, change);
          if (outcome.kind !== "changed") {
            expect((expected.get(change.productId) ?? 0) + change.quantity).toBeLessThan(0);
            continue;
          }
          cart = outcome.cart;
          expected.set(change.productId, (expected.get(change.productId) ?? 0) + change.quantity);
        }
        expect(new Map(cart.lines.map(({ productId, quantity }) => [productId, quantity]))).toEqual(
          new Map([...expected].filter(([, quantity]) => quantity > 0)),
        );
      }),
    );
  });

  it("refuses to go below zero, above the limit, and beyond so many products", () => {
    const full = addLine(emptyCart, { productId: "A", quantity: maxQuantity });
    expect(full.kind).toBe("changed");
    expect(addLine(emptyCart, { productId: "A", quantity: -1 })).toEqual({
      kind: "quantity-out-of-range",
      quantity: -1,
    });
    expect(addLine(emptyCart, { productId: "A", quantity: maxQuantity + 1 }).kind).toBe("quantity-out-of-range");
    const many = { lines: Array.from({ length: maxLines }, (_, index) => ({ productId: String(index), quantity: 1 })) };
    expect(addLine(many, { productId: "one more", quantity: 1 })).toEqual({ kind: "full" });
    expect(addLine(many, { productId: "7", quantity: 1 }).kind).toBe("changed");
  });
});
