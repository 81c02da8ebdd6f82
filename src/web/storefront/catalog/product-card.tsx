import { Link } from "@tanstack/react-router";
import { formatMoney } from "../../shared/money.ts";
import type { Product } from "../model.ts";
import styles from "./product-card.module.css";
import { ProductCardImage } from "./product-image.tsx";

type ProductCardProps = { readonly product: Product; readonly sizes: string; readonly eager?: boolean };

export function ProductCard({ product, sizes, eager = false }: ProductCardProps) {
  return (
    <Link to="/product/$productId" params={{ productId: product.id }} className={styles.card} data-cy="product-card">
      <div className={styles.picture}>
        <ProductCardImage picture={product.picture} alt="" sizes={sizes} eager={eager} />
      </div>
      <div className={styles.text}>
        <span className={styles.name}>{product.name}</span>
        <span className={styles.price} data-cy="product-price">
          {formatMoney(product.priceUsd)}
        </span>
      </div>
    </Link>
  );
}
