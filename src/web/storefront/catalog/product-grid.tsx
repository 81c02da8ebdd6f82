import { Skeleton } from "@mantine/core";
import type { Product } from "../model.ts";
import { ProductCard } from "./product-card.tsx";
import styles from "./product-grid.module.css";

type ProductGridProps = {
  readonly products: readonly Product[] | undefined;
  /** The first two are shown large. */
  readonly featured?: boolean;
  /** How many frames stand in while the products load. */
  readonly expected?: number;
};

const quarter = "(min-width: 62em) 290px, 45vw";
const half = "(min-width: 62em) 610px, (min-width: 36em) 45vw, 92vw";

export function ProductGrid({ products, featured = false, expected = 4 }: ProductGridProps) {
  return (
    <div className={styles.grid} data-cy="product-list" data-featured={featured} aria-busy={!products}>
      {products
        ? products.map((product, index) => (
            <ProductCard
              key={product.id}
              product={product}
              sizes={featured && index < 2 ? half : quarter}
              eager={index < 4}
            />
          ))
        : Array.from({ length: expected }, (_, index) => (
            <div key={index} className={styles.frame}>
              <Skeleton className={styles.picture} radius={14} />
              <Skeleton height={20} width="70%" />
            </div>
          ))}
    </div>
  );
}
