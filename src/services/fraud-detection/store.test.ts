import { describe, expect, it } from "vitest";
import { storeDatabase } from "../../../tests/store-database.ts";
import { type Facts, scoreOrder } from "./rules.ts";
import { type ObservedOrder, verdictMigrations, verdictStore } from "./store.ts";

const noon = new Date("2026-11-01T12:00:00Z");
const minutesLater = (minutes: number) => new Date(noon.getTime() + minutes * 60_000);

let orders = 0;
function order(changes: Partial<ObservedOrder> = {}): ObservedOrder {
  return {
    orderId: `order-${++orders}`,
    userId: "user",
    cardFingerprint: "card",
    cardCountry: "DE",
    addressCountry: "DE",
    total: { currency: "EUR", nanos: 100_000_000_000n },
    orderedAt: noon,
    ...changes,
  };
}

async function open() {
  const database = await storeDatabase({ schema: "fraud_detection", migrations: verdictMigrations });
  const store = verdictStore(database);
  async function factsOf(observed: ObservedOrder): Promise<Facts> {
    const seen: Facts[] = [];
    await store.judge(observed, (facts) => {
      seen.push(facts);
      return scoreOrder(facts);
    });
    const [facts] = seen;
    if (facts === undefined) throw new Error("The order was known");
    return facts;
  }
  return { store, factsOf, sql: database.sql };
}

describe("a verdict", () => {
  it("is kept once with its reasons, however often the order comes", async () => {
    const { store, sql } = await open();
    const observed = order({ cardCountry: "BR" });
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => store.judge(observed, scoreOrder)));
    expect(verdicts.filter((verdict) => verdict !== undefined)).toMatchObject([{ verdict: "review" }]);
    expect(await sql`select order_id, verdict, reasons, nanos::text from verdicts`).toMatchObject([
      { order_id: observed.orderId, verdict: "review", reasons: [{ rule: "country-mismatch" }], nanos: "100000000000" },
    ]);
  });

  it("counts the orders of the user and with the card of the last ten minutes", async () => {
    const { factsOf } = await open();
    await factsOf(order());
    await factsOf(order({ orderedAt: minutesLater(5) }));
    await factsOf(order({ orderedAt: minutesLater(5), userId: "other" }));
    const facts = await factsOf(order({ orderedAt: minutesLater(11) }));
    expect(facts).toMatchObject({ ordersOfUser: 2, ordersWithCard: 3, usersOfCard: 2 });
    expect(await factsOf(order({ orderedAt: minutesLater(60) }))).toMatchObject({ ordersOfUser: 1, ordersWithCard: 1 });
  });

  it("compares with the user's earlier orders in the same currency only", async () => {
    const { factsOf } = await open();
    for (const units of [90n, 100n, 110n]) {
      await factsOf(order({ total: { currency: "EUR", nanos: units * 1_000_000_000n } }));
    }
    await factsOf(order({ total: { currency: "JPY", nanos: 10_000_000_000_000n } }));
    await factsOf(order({ userId: "other", total: { currency: "EUR", nanos: 1n } }));
    const { history } = await factsOf(order());
    expect(history).toEqual({ count: 3, mean: 100_000_000_000, deviation: 10_000_000_000 });
  });

  it("is given without what is not known", async () => {
    const { factsOf } = await open();
    await factsOf(order());
    const unknown = { userId: undefined, cardFingerprint: undefined, cardCountry: undefined };
    const facts = await factsOf(order(unknown));
    expect(facts).toMatchObject({ ordersOfUser: undefined, ordersWithCard: undefined, usersOfCard: undefined });
    expect(facts.history).toBeUndefined();
  });
});
