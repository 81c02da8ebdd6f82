import { Button, NativeSelect, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { formatMoney } from "../../shared/money.ts";
import { reasonOf } from "../api.ts";
import { Ad } from "../catalog/ad.tsx";
import { ProductImage } from "../catalog/product-image.tsx";
import { Recommendations } from "../catalog/recommendations.tsx";
import { PageProblem, Problem } from "../feedback/problem.tsx";
import page from "../layout/page.module.css";
import type { Product } from "../model.ts";
import { usePageTitle } from "../page-title.ts";
import * as queries from "../queries.ts";
import { useCurrencyCode } from "../session.ts";
import { NotFoundPage } from "./not-found.tsx";
import styles from "./product.module.css";

const quantities = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];

export function ProductPage() {
  const { productId } = useParams({ from: "/product/$productId" });
  const currencyCode = useCurrencyCode();
  const product = useQuery(queries.product(productId, currencyCode));
  const cart = queries.useCart();

  if (product.isError && !product.data) {
    // An id that no product could have is refused before it is looked for.
    if (["PRODUCT_NOT_FOUND", "INVALID_REQUEST"].includes(reasonOf(product.error))) {
      return (
        <NotFoundPage
          title="We do not have this product"
          text="It may have left the shop, or the address is mistyped."
        />
      );
    }
    return (
      <div className={page.page}>
        <PageProblem error={product.error} onRetry={() => void product.refetch()} />
      </div>
    );
  }
  // What goes with the cart is asked for once the cart is known, or known to be out of reach.
  const inCart = cart.isPending ? undefined : (cart.data?.items ?? []).map((line) => line.productId);
  return (
    <div className={page.page}>
      {product.data ? <Detail key={productId} product={product.data} /> : <DetailFrame />}
      <Recommendations productIds={inCart && [...new Set([productId, ...inCart])]} />
      {product.data && <Ad key={`ad-${productId}`} contextKeys={product.data.categories} />}
    </div>
  );
}

function Detail({ product }: { readonly product: Product }) {
  usePageTitle(`Product: ${product.name}`);
  const navigate = useNavigate();
  const [quantity, setQuantity] = useState("1");
  const add = queries.useAddToCart();
  const addToCart = () => {
    if (add.isPending) return;
    add.mutate(
      { productId: product.id, quantity: Number(quantity) },
      { onSuccess: () => void navigate({ to: "/cart" }) },
    );
  };
  return (
    <article className={styles.detail} data-cy="product-detail">
      {product.picture !== "" && (
        <div className={styles.picture} data-cy="product-picture">
          <ProductImage
            picture={product.picture}
            alt={product.name}
            sizes="(min-width: 62em) 700px, (min-width: 48em) 55vw, 92vw"
            eager
          />
        </div>
      )}
      <div className={styles.text}>
        <ul className={styles.categories}>
          {product.categories.map((name) => (
            <li key={name}>
              <Link to="/category/$name" params={{ name }}>
                {name}
              </Link>
            </li>
          ))}
        </ul>
        <h1 data-cy="product-name">{product.name}</h1>
        <p className={styles.price} data-cy="product-price">
          {formatMoney(product.priceUsd)}
        </p>
        <p className={styles.description} data-cy="product-description">
          {product.description}
        </p>
        <div className={styles.buy}>
          <NativeSelect
            label="Quantity"
            size="lg"
            data={quantities}
            value={quantity}
            onChange={(event) => setQuantity(event.currentTarget.value)}
            data-cy="product-quantity"
          />
          <Button size="lg" onClick={addToCart} loading={add.isPending} data-cy="product-add-to-cart">
            Add To Cart
          </Button>
        </div>
        {add.isError && <Problem error={add.error} />}
      </div>
    </article>
  );
}

function DetailFrame() {
  usePageTitle("Product");
  return (
    <div className={styles.detail} aria-busy="true">
      <Skeleton className={styles.picture} radius={14} />
      <div className={styles.text}>
        <Skeleton height={16} width="30%" />
        <Skeleton height={44} width="90%" />
        <Skeleton height={28} width="25%" />
        <Skeleton height={140} />
      </div>
    </div>
  );
}
