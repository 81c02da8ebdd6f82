import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ProductGrid } from "../catalog/product-grid.tsx";
import { PageProblem } from "../feedback/problem.tsx";
import page from "../layout/page.module.css";
import type { Product } from "../model.ts";

type ListingProps = {
  readonly title: string;
  readonly products: UseQueryResult<Product[]>;
  /** Shown in place of the products when there are none. */
  readonly empty: ReactNode;
};

/** A page that lists some of the products: what categories and searches share. */
export function Listing({ title, products, empty }: ListingProps) {
  if (products.isError && !products.data) {
    return (
      <div className={page.page}>
        <PageProblem error={products.error} onRetry={() => void products.refetch()} />
      </div>
    );
  }
  if (products.data?.length === 0) return <div className={page.page}>{empty}</div>;
  return (
    <div className={page.page}>
      <div className={page.heading}>
        <h1 className={page.title}>{title}</h1>
        <p className={page.lead} role="status">
          {products.data ? countOf(products.data.length) : "Looking…"}
        </p>
      </div>
      <ProductGrid products={products.data} expected={8} />
    </div>
  );
}

function countOf(products: number): string {
  return products === 1 ? "1 product" : `${products} products`;
}
