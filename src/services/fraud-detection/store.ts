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

export function verdictStore({ sql, isReachable }: Database): VerdictStore {
  return {
    judge(order, score) {
      return sql.begin(async (tx) => {
        const [known] = await tx`select from verdicts where order_id = ${order.orderId}`;
        if (known !== undefined) return undefined;
        const userId = order.userId ?? null;
        const card = order.cardFingerprint ?? null;
        const [row] = await tx<FactRow[]>`
          select
            (select count(*)::int from verdicts where user_id = ${userId} and ordered_at between
              ${order.orderedAt}::timestamptz - ${velocityWindowMinutes} * interval '1 minute' and ${order.orderedAt})
              as of_user,
            (select count(*)::int from verdicts where card_fingerprint = ${card} and ordered_at between
              ${order.orderedAt}::timestamptz - ${velocityWindowMinutes} * interval '1 minute' and ${order.orderedAt})
              as with_card,
            (select count(distinct user_id)::int from verdicts
              where card_fingerprint = ${card} and user_id is distinct from ${userId}) as other_users,
            history.* from (
              select count(*)::int as count, avg(nanos)::float8 as mean, stddev_samp(nanos)::float8 as deviation
              from verdicts where user_id = ${userId} and currency_code = ${order.total.currency}) as history`;
        if (row === undefined) throw new Error("An aggregate gave no row");
        const verdict = score({
          ordersOfUser: order.userId === undefined ? undefined : row.of_user + 1,
          ordersWithCard: order.cardFingerprint === undefined ? undefined : row.with_card + 1,
          usersOfCard: order.cardFingerprint === undefined ? undefined : row.other_users + 1,
          amount: Number(order.total.nanos),
          history: row.mean === null ? undefined : { count: row.count, mean: row.mean, deviation: row.deviation ?? 0 },
          cardCountry: order.cardCountry,
          addressCountry: order.addressCountry,
        });
        const { count } = await tx`
          insert into verdicts (order_id, user_id, card_fingerprint, card_country, address_country, currency_code, nanos,
            ordered_at, points, verdict, reasons)
          values (${order.orderId}, ${userId}, ${card}, ${order.cardCountry ?? null}, ${order.addressCountry ?? null},
            ${order.total.currency}, ${order.total.nanos.toString()}, ${order.orderedAt}, ${verdict.points},
            ${verdict.verdict}, ${tx.json(verdict.reasons.map((reason) => ({ ...reason })))})
          on conflict (order_id) do nothing`;
        return count === 1 ? verdict : undefined;
      });
    },
    isReachable,
  };
}

interface FactRow {
  readonly of_user: number;
  readonly with_card: number;
  readonly other_users: number;
  readonly count: number;
  readonly mean: number | null;
  readonly deviation: number | null;
}
