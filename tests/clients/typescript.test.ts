import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startShop, type TestShop } from "../shop.ts";
import { placedOrderId, run, typescriptExamples } from "./examples.ts";

let shop: TestShop;

beforeAll(async () => {
  shop = await startShop();
});

afterAll(() => shop.stop());

describe.each(typescriptExamples)("the example $name", (example) => {
  it("places one order over each protocol", { timeout: 180_000 }, async () => {
    for (const command of example.prepare) await run(example, command);
    for (const command of example.runs(new URL(shop.url).host)) {
      const orderId = placedOrderId(await run(example, command));
      const orders = await shop.sql`
        select state from checkout.orders where user_id = (select user_id from checkout.orders where order_id = ${orderId})`;
      expect(orders, command.join(" ")).toMatchObject([{ state: "placed" }]);
    }
  });
});
