import { useQuery } from "@tanstack/react-query";
import { ProductGrid } from "../catalog/product-grid.tsx";
import { Problem } from "../feedback/problem.tsx";
import page from "../layout/page.module.css";
import { usePageTitle } from "../page-title.ts";
import * as queries from "../queries.ts";
import { useCurrencyCode } from "../session.ts";
import styles from "./home.module.css";

export function HomePage() {
  usePageTitle("Home");
  const products = useQuery(queries.products(useCurrencyCode()));
  return (
    <div data-cy="home-page">
      <section className={styles.banner}>
        <img
          src="/images/Banner.png"
          srcSet="/images/Banner.png?w=800 800w, /images/Banner.png?w=1600 1600w"
          sizes="(min-width: 48em) 100vw, 800px"
          alt=""
          width={1600}
          height={640}
          fetchPriority="high"
        />
        <div className={styles.words}>
          <h1>Go out and look up.</h1>
          <p>Telescopes, binoculars and the small things that make the most of a clear night.</p>
          <a className={styles.go} href="#hot-products">
            Go Shopping
          </a>
        </div>
      </section>
      <section className={page.page} data-cy="hot-products" aria-labelledby="hot-products">
        <h2 id="hot-products" className={styles.heading}>
          Hot Products
        </h2>
        {products.isError && !products.data ? (
          <Problem error={products.error} onRetry={() => void products.refetch()} />
        ) : (
          <ProductGrid products={products.data} featured expected={10} />
        )}
      </section>
    </div>
  );
}
