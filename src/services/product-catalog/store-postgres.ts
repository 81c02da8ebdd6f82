import type { Database } from "../../platform/sql/database.ts";
import { type Product, parseCategories } from "./product.ts";
import type { ProductStore } from "./store.ts";

/** Migrations of the schema that {@link postgresProductStore} needs. */
export const productMigrations = new URL("./migrations/", import.meta.url);

/**
 * How much of a query's trigrams a word of a product must share to count as meant: low enough for two wrong letters in
 * a word of nine, high enough that unrelated words stay out.
 */
const similarityThreshold = 0.4;

/**
 * Products in PostgreSQL; search by its full-text search, pg_trgm and plain containment.
 *
 * @param querySeconds how much longer queries take, if they do
 */
export function postgresProductStore(
  { sql, isReachable }: Database,
  querySeconds: () => Promise<number> = async () => 0,
): ProductStore {
  async function slowDown(): Promise<void> {
    const seconds = await querySeconds();
    if (seconds > 0) await sql`select pg_sleep(${seconds})`;
  }
  return {
    async list() {
      await slowDown();
      const rows = await sql<Row[]>`
        select id, name, description, picture, price_currency_code, price_units, price_nanos, categories
        from products order by id`;
      return rows.map(productOf);
    },
    async search(query) {
      const wanted = query.trim();
      if (wanted === "") return this.list();
      await slowDown();
      const rows = await sql<Row[]>`
        select id, name, description, picture, price_currency_code, price_units, price_nanos, categories
        from (
          select *,
            strpos(lower(name), lower(${wanted})) > 0 as in_name,
            strpos(lower(coalesce(description, '')), lower(${wanted})) > 0 as in_description,
            searchable @@ websearch_to_tsquery('english', ${wanted}) as by_words,
            ts_rank_cd(searchable, websearch_to_tsquery('english', ${wanted})) as word_rank,
            word_similarity(${wanted}, name || ' ' || coalesce(categories, '')) as similarity
          from products
        ) as candidates
        where in_name or in_description or by_words or similarity >= ${similarityThreshold}
        order by in_name desc, word_rank + similarity desc, in_description desc, id`;
      return rows.map(productOf);
    },
    isReachable,
  };
}

function productOf(row: Row): Product {
  return {
    id: row.id,
    name: row.name,
    description: row.description ?? "",
    picture: row.picture ?? "",
    price: { currency: row.price_currency_code, nanos: row.price_units * 1_000_000_000n + BigInt(row.price_nanos) },
    categories: parseCategories(row.categories),
  };
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly picture: string | null;
  readonly price_currency_code: string;
  readonly price_units: bigint;
  readonly price_nanos: number;
  readonly categories: string | null;
}
