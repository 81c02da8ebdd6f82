import { useQuery } from "@tanstack/react-query";
import * as queries from "../queries.ts";
import { useCurrencyCode } from "../session.ts";
import { ProductGrid } from "./product-grid.tsx";
import styles from "./recommendations.module.css";

/**
 * Up to four products that go with the given ones; nothing when there are none, for nobody came for these.
 * `productIds` is undefined while it is not known what they should go with.
 */
export function Recommendations({ productIds }: { readonly productIds: readonly string[] | undefined }) {
  const { data } = useQuery(queries.recommendations(productIds ?? [], useCurrencyCode()));
  if (!data || data.length === 0) return null;
  return (
    <section className={styles.recommendations} data-cy="recommendation-list" aria-labelledby="recommendations">
      <h2 id="recommendations">You May Also Like</h2>
      <ProductGrid products={data} />
    </section>
  );
}
