import { randomUUID } from "node:crypto";
import type { Database } from "../../platform/sql/database.ts";
import type { ChargeOutcome, Ledger, RecordedCharge } from "./ledger.ts";

/** Migrations of the schema that {@link postgresLedger} needs. */
export const ledgerMigrations = new URL("./migrations/", import.meta.url);

/** The ledger in PostgreSQL: one row an attempt, one a refund, nothing ever changed. */
export function postgresLedger({ sql, isReachable }: Database): Ledger {
  return {
    async charge({ key, requestHash, amount, outcome }) {
      const charged = outcome.kind === "charged" ? outcome : undefined;
      const declined = outcome.kind === "declined" ? outcome : undefined;
      const inserted = await sql`
        insert into charges (charge_id, charge_key, request_hash, outcome, currency_code, nanos,
          card_brand, card_fingerprint, card_country, decline_reason, decline_message)
        values (${charged?.transactionId ?? randomUUID()}, ${key ?? null}, ${requestHash}, ${outcome.kind},
          ${amount.currency}, ${amount.nanos.toString()}, ${charged?.cardBrand ?? null},
          ${charged?.cardFingerprint ?? null}, ${charged?.cardCountry ?? null}, ${declined?.reason ?? null},
          ${declined?.message ?? null})
        on conflict (charge_key) do nothing`;
      if (inserted.count === 1 || key === undefined) return { kind: "recorded", outcome };
      const [row] = await sql<ChargeRow[]>`select * from charges where charge_key = ${key}`;
      if (row === undefined) throw new Error("A charge that was in the way is gone");
      return recordedCharge(row, requestHash);
    },
    async refund(key, reason) {
      const closed = await sql`
        insert into charges (charge_id, charge_key, outcome) values (${randomUUID()}, ${key}, 'voided')
        on conflict (charge_key) do nothing`;
      if (closed.count === 1) return { kind: "nothing-charged" };
      await sql`
        insert into refunds (refund_id, charge_id, currency_code, nanos, reason)
        select ${randomUUID()}, charge_id, currency_code, nanos, ${reason} from charges
        where charge_key = ${key} and outcome = 'charged'
        on conflict (charge_id) do nothing`;
      const [row] = await sql<{ refund_id: string; currency_code: string; nanos: string }[]>`
        select refund_id, refunds.currency_code, refunds.nanos from refunds join charges using (charge_id)
        where charge_key = ${key}`;
      if (row === undefined) return { kind: "nothing-charged" };
      return {
        kind: "refunded",
        refundId: row.refund_id,
        amount: { currency: row.currency_code, nanos: BigInt(row.nanos) },
      };
    },
    isReachable,
  };
}

function recordedCharge(row: ChargeRow, requestHash: Buffer): RecordedCharge {
  if (row.outcome === "voided") return { kind: "voided" };
  if (row.request_hash === null || !requestHash.equals(row.request_hash)) return { kind: "other-request" };
  const outcome: ChargeOutcome =
    row.outcome === "charged"
      ? {
          kind: "charged",
          transactionId: row.charge_id,
          cardBrand: row.card_brand ?? "",
          cardFingerprint: row.card_fingerprint ?? "",
          cardCountry: row.card_country ?? "",
        }
      : { kind: "declined", reason: row.decline_reason ?? "", message: row.decline_message ?? "" };
  return { kind: "recorded", outcome };
}

interface ChargeRow {
  readonly charge_id: string;
  readonly request_hash: Buffer | null;
  readonly outcome: "charged" | "declined" | "voided";
  readonly card_brand: string | null;
  readonly card_fingerprint: string | null;
  readonly card_country: string | null;
  readonly decline_reason: string | null;
  readonly decline_message: string | null;
}
