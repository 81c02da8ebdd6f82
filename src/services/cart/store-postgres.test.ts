import { expect, it } from "vitest";
import { storeDatabase } from "../../../tests/store-database.ts";
import { addLine } from "./cart.ts";
import { cartStoreContract } from "./cart-store-contract.ts";
import { cartMigrations, postgresCartStore } from "./store-postgres.ts";

async function open() {
  const { sql, ...database } = await storeDatabase({ schema: "cart", migrations: cartMigrations });
  return {
    sql,
    store: postgresCartStore({ sql, ...database }),
    async expireAll() {
      await sql`update carts set expires_at = now() - interval '1 second'`;
    },
  };
}

cartStoreContract("PostgreSQL", open);

it("expired carts are removed, others stay, and a change gives a cart its full time again", async () => {
  const { sql, store, expireAll } = await open();
  for (const userId of ["old", "renewed"]) {
    await store.update(userId, (cart) => addLine(cart, { productId: "A", quantity: 1 }));
  }
  await expireAll();
  await store.update("renewed", (cart) => addLine(cart, { productId: "A", quantity: 1 }));
  await store.dropExpired();
  expect(await sql`select user_id, expires_at > now() + interval '59 minutes' as full from carts`).toMatchObject([
    { user_id: "renewed", full: true },
  ]);
  expect(await store.get("renewed")).toEqual({ lines: [{ productId: "A", quantity: 1 }] });
});
