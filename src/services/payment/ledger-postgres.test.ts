import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { storeDatabase } from "../../../tests/store-database.ts";
import type { ChargeAttempt, ChargeOutcome } from "./ledger.ts";
import { ledgerMigrations, postgresLedger } from "./ledger-postgres.ts";

async function open() {
  const database = await storeDatabase({ schema: "payment", migrations: ledgerMigrations });
  return { ledger: postgresLedger(database), sql: database.sql };
}

function charged(): ChargeOutcome {
  return {
    kind: "charged",
    transactionId: randomUUID(),
    cardBrand: "visa",
    cardFingerprint: "f00d",
    cardCountry: "DE",
  };
}

function attempt(changes: Partial<ChargeAttempt> = {}): ChargeAttempt {
  return {
    key: "order-1",
    requestHash: Buffer.from("the request"),
    amount: { currency: "EUR", nanos: 50_490_933_215n },
    outcome: charged(),
    ...changes,
  };
}

describe("the ledger", () => {
  it("charges once per key, whoever comes first", async () => {
    const { ledger, sql } = await open();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ledger.charge(attempt())));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await sql`select currency_code, nanos::text from balance`).toEqual([
      { currency_code: "EUR", nanos: "50490933215" },
    ]);
  });

  it("charges each time without a key", async () => {
    const { ledger, sql } = await open();
    await ledger.charge(attempt({ key: undefined }));
    await ledger.charge(attempt({ key: undefined, outcome: charged() }));
    expect(await sql`select nanos::text from balance`).toEqual([{ nanos: "100981866430" }]);
  });

  it("refuses a key that belongs to another request", async () => {
    const { ledger } = await open();
    await ledger.charge(attempt());
    const other = await ledger.charge(attempt({ requestHash: Buffer.from("another request") }));
    expect(other).toEqual({ kind: "other-request" });
  });

  it("repeats a decline under its key, and charges nothing", async () => {
    const { ledger, sql } = await open();
    const outcome: ChargeOutcome = { kind: "declined", reason: "CARD_EXPIRED", message: "It expired." };
    await ledger.charge(attempt({ outcome }));
    expect(await ledger.charge(attempt())).toEqual({ kind: "recorded", outcome });
    expect(await ledger.refund("order-1", "why")).toEqual({ kind: "nothing-charged" });
    expect(await sql`select from balance`).toHaveLength(0);
  });

  it("refunds once, in full", async () => {
    const { ledger, sql } = await open();
    await ledger.charge(attempt());
    const refunds = await Promise.all(Array.from({ length: 20 }, () => ledger.refund("order-1", "why")));
    for (const refund of refunds) expect(refund).toEqual(refunds[0]);
    expect(refunds[0]).toMatchObject({ kind: "refunded", amount: { currency: "EUR", nanos: 50_490_933_215n } });
    expect(await sql`select nanos::text, charged_nanos::text, refunded_nanos::text from balance`).toEqual([
      { nanos: "0", charged_nanos: "50490933215", refunded_nanos: "50490933215" },
    ]);
  });

  it("charges nothing under a key that was refunded before", async () => {
    const { ledger, sql } = await open();
    expect(await ledger.refund("order-1", "why")).toEqual({ kind: "nothing-charged" });
    expect(await ledger.charge(attempt())).toEqual({ kind: "voided" });
    expect(await ledger.refund("order-1", "why")).toEqual({ kind: "nothing-charged" });
    expect(await sql`select from balance`).toHaveLength(0);
  });

  it("never keeps a charge that a refund overtook or met", async () => {
    const { ledger, sql } = await open();
    const keys = Array.from({ length: 40 }, (_, index) => `order-${index}`);
    await Promise.all(
      keys.flatMap((key) => [ledger.charge(attempt({ key, outcome: charged() })), ledger.refund(key, "why")]),
    );
    expect(await sql`select from balance where nanos <> 0`).toHaveLength(0);
  });

  it("keeps amounts beyond 64 bits and down to the nano", async () => {
    const { ledger, sql } = await open();
    const nanos = 9_223_372_036_854_775_807_999_999_999n;
    await ledger.charge(attempt({ amount: { currency: "JPY", nanos } }));
    expect(await ledger.refund("order-1", "why")).toMatchObject({ amount: { currency: "JPY", nanos } });
    expect(await sql`select nanos::text from balance`).toEqual([{ nanos: "0" }]);
  });
});
