import type { Database } from "../../platform/sql/database.ts";
import { type Cart, type CartLine, type Change, emptyCart, timeToLiveMs } from "./cart.ts";
import type { CartStore } from "./store.ts";

/** Migrations of the schema that {@link postgresCartStore} needs. */
export const cartMigrations = new URL("./migrations/", import.meta.url);

/** Carts in PostgreSQL, changed by compare and set on a version. */
export function postgresCartStore(database: Database): CartStore & { dropExpired(): Promise<void> } {
  const { sql } = database;

  async function read(userId: string): Promise<Row | undefined> {
    const [row] = await sql<Row[]>`
      select lines, version, expires_at > now() as live from carts where user_id = ${userId}`;
    return row;
  }

  return {
    async get(userId) {
      return cartOf(await read(userId));
    },
    async update(userId, change) {
      for (;;) {
        const row = await read(userId);
        const outcome: Change = change(cartOf(row));
        if (outcome.kind !== "changed") return outcome;
        const lines = sql.json(outcome.cart.lines.map((line) => ({ ...line })));
        const written =
          row === undefined
            ? await sql`
                insert into carts (user_id, lines, expires_at)
                values (${userId}, ${lines}, now() + ${timeToLiveMs} * interval '1 millisecond')
                on conflict do nothing`
            : await sql`
                update carts set lines = ${lines}, version = version + 1,
                  expires_at = now() + ${timeToLiveMs} * interval '1 millisecond'
                where user_id = ${userId} and version = ${row.version}`;
        if (written.count === 1) return outcome;
      }
    },
    async clear(userId) {
      await sql`update carts set lines = '[]', version = version + 1,
        expires_at = now() + ${timeToLiveMs} * interval '1 millisecond'
        where user_id = ${userId} and lines <> '[]'`;
    },
    async dropExpired() {
      await sql`delete from carts where expires_at < now()`;
    },
    isReachable: () => database.isReachable(),
  };
}

function cartOf(row: Row | undefined): Cart {
  return row?.live ? { lines: row.lines } : emptyCart;
}

interface Row {
  readonly lines: readonly CartLine[];
  readonly version: bigint;
  readonly live: boolean;
}
