import type { Money } from "../../domain/money.ts";
import type { Database } from "../../platform/sql/database.ts";
import { type Facts, type Score, velocityWindowMinutes } from "./rules.ts";

/** Migrations of the schema that {@link verdictStore} needs. */
export const verdictMigrations = new URL("./migrations/", import.meta.url);

/** A placed order as fraud detection sees it. */
export interface ObservedOrder {
  readonly orderId: string;
  readonly userId: string | undefined;
  readonly cardFingerprint: string | undefined;
  readonly cardCountry: string | undefined;
  readonly addressCountry: string | undefined;
  readonly total: Money;
  readonly orderedAt: Date;
}

export interface VerdictStore {
  /** Scores the order by what is known of earlier ones and keeps the verdict, once; undefined when it was scored. */
  judge(order: ObservedOrder, score: (facts: Facts) => Score): Promise<Score | undefined>;
  isReachable(): Promise<boolean>;
}

const countAtMost = 50;
const historyAtMost = 200;

export function verdictStore({ sql, isReachable }: Database): VerdictStore {
  return {
    async judge(order, score) {
      const userId = order.userId ?? null;
      const card = order.cardFingerprint ?? null;
      const since = sql`${order.orderedAt}::timestamptz - ${velocityWindowMinutes} * interval '1 minute'`;
      // Counts stop where they cannot change a verdict any more, so that a much-used card costs no more than another.
      const [row] = await sql<FactRow[]>`
        select
          exists (select from verdicts where order_id = ${order.orderId}) as known,
          (select count(*)::int from (
            select from verdicts where user_id = ${userId} and ordered_at between ${since} and ${order.orderedAt}
            limit ${countAtMost}) as counted) as of_user,
          (select count(*)::int from (
            select from verdicts where card_fingerprint = ${card} and ordered_at between ${since} and ${order.orderedAt}
            limit ${countAtMost}) as counted) as with_card,
          (select count(distinct user_id)::int from (
            select user_id from verdicts where card_fingerprint = ${card} and user_id is distinct from ${userId}
            order by ordered_at desc limit ${countAtMost}) as counted) as other_users,
          history.* from (
            select count(*)::int as count, avg(nanos)::float8 as mean, stddev_samp(nanos)::float8 as deviation from (
              select nanos from verdicts where user_id = ${userId} and currency_code = ${order.total.currency}
              order by ordered_at desc limit ${historyAtMost}) as recent) as history`;
      if (row === undefined) throw new Error("An aggregate gave no row");
      if (row.known) return undefined;
      const verdict = score({
        ordersOfUser: order.userId === undefined ? undefined : row.of_user + 1,
        ordersWithCard: order.cardFingerprint === undefined ? undefined : row.with_card + 1,
        usersOfCard: order.cardFingerprint === undefined ? undefined : row.other_users + 1,
        amount: Number(order.total.nanos),
        history: row.mean === null ? undefined : { count: row.count, mean: row.mean, deviation: row.deviation ?? 0 },
        cardCountry: order.cardCountry,
        addressCountry: order.addressCountry,
      });
      const { count } = await sql`
        insert into verdicts (order_id, user_id, card_fingerprint, card_country, address_country, currency_code, nanos,
          ordered_at, points, verdict, reasons)
        values (${order.orderId}, ${userId}, ${card}, ${order.cardCountry ?? null}, ${order.addressCountry ?? null},
          ${order.total.currency}, ${order.total.nanos.toString()}, ${order.orderedAt}, ${verdict.points},
          ${verdict.verdict}, ${sql.json(verdict.reasons.map((reason) => ({ ...reason })))})
        on conflict (order_id) do nothing`;
      return count === 1 ? verdict : undefined;
    },
    isReachable,
  };
}

interface FactRow {
  readonly known: boolean;
  readonly of_user: number;
  readonly with_card: number;
  readonly other_users: number;
  readonly count: number;
  readonly mean: number | null;
  readonly deviation: number | null;
}
