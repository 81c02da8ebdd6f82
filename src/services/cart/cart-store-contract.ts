import { describe, expect, it } from "vitest";
import { addLine, type Change, maxQuantity } from "./cart.ts";
import type { CartStore } from "./store.ts";

/** A store under test, and a way to let the time to live of all carts in it run out. */
export interface CartStoreUnderTest {
  readonly store: CartStore;
  expireAll(): Promise<void>;
}

/** What every {@link CartStore} must do, whatever it is made of. `open` gives an empty one. */
export function cartStoreContract(name: string, open: () => Promise<CartStoreUnderTest>): void {
  const put =
    (productId: string, quantity: number) =>
    (cart: Parameters<typeof addLine>[0]): Change =>
      addLine(cart, { productId, quantity });

  describe(`carts in ${name}`, () => {
    it("are empty for users who have none", async () => {
      const { store } = await open();
      expect(await store.get("nobody")).toEqual({ lines: [] });
    });

    it("keep each user's lines in the order in which they were put in", async () => {
      const { store } = await open();
      await store.update("one", put("B", 1));
      await store.update("one", put("A", 2));
      await store.update("one", put("B", 1));
      await store.update("other", put("C", 7));
      expect(await store.get("one")).toEqual({
        lines: [
          { productId: "B", quantity: 2 },
          { productId: "A", quantity: 2 },
        ],
      });
      expect(await store.get("other")).toEqual({ lines: [{ productId: "C", quantity: 7 }] });
    });

    it.each(["", "cart", "a'b\"; drop table carts; --", "\u{1f52d} {x} %", "__proto__"])(
      "take %j for a user like any",
      async (userId) => {
        const { store } = await open();
        await store.update(userId, put("A", 1));
        expect(await store.get(userId)).toEqual({ lines: [{ productId: "A", quantity: 1 }] });
        await store.clear(userId);
        expect(await store.get(userId)).toEqual({ lines: [] });
      },
    );

    it("lose none of a hundred adds at the same time", async () => {
      const { store } = await open();
      await Promise.all(Array.from({ length: 100 }, (_, index) => store.update("one", put(`P${index % 4}`, 1))));
      const { lines } = await store.get("one");
      expect(Object.fromEntries(lines.map(({ productId, quantity }) => [productId, quantity]))).toEqual({
        P0: 25,
        P1: 25,
        P2: 25,
        P3: 25,
      });
    });

    it("stay as they were when a change is refused", async () => {
      const { store } = await open();
      await store.update("one", put("A", maxQuantity));
      const outcome = await store.update("one", put("A", 1));
      expect(outcome).toEqual({ kind: "quantity-out-of-range", quantity: maxQuantity + 1 });
      expect(await store.get("one")).toEqual({ lines: [{ productId: "A", quantity: maxQuantity }] });
    });

    it("can be cleared twice, and filled again", async () => {
      const { store } = await open();
      await store.clear("one");
      await store.update("one", put("A", 1));
      await store.clear("one");
      await store.clear("one");
      expect(await store.get("one")).toEqual({ lines: [] });
      await store.update("one", put("B", 2));
      expect(await store.get("one")).toEqual({ lines: [{ productId: "B", quantity: 2 }] });
    });

    it("are gone when their time is over, and start anew", async () => {
      const { store, expireAll } = await open();
      await store.update("one", put("A", 1));
      await expireAll();
      expect(await store.get("one")).toEqual({ lines: [] });
      await store.update("one", put("B", 2));
      expect(await store.get("one")).toEqual({ lines: [{ productId: "B", quantity: 2 }] });
    });
  });
}
