import { NativeSelect } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { formatMoney, multiply } from "../../shared/money.ts";
import { ProductImage } from "../catalog/product-image.tsx";
import { announce } from "../feedback/announcer.tsx";
import { Problem } from "../feedback/problem.tsx";
import { focusContent } from "../layout/content.ts";
import type { CartLine } from "../model.ts";
import * as queries from "../queries.ts";
import styles from "./cart-lines.module.css";

type CartLinesProps = {
  readonly lines: readonly CartLine[];
  readonly disabled: boolean;
  /** Called before the cart is changed. */
  readonly onChange: () => void;
};

export function CartLines({ lines, disabled, onChange }: CartLinesProps) {
  return (
    <ul className={styles.lines}>
      {lines.map((line) => (
        <Line key={line.productId} line={line} disabled={disabled} onChange={onChange} />
      ))}
    </ul>
  );
}

function quantitiesWith(quantity: number): string[] {
  const usual = Array.from({ length: 10 }, (_, index) => index + 1);
  return (usual.includes(quantity) ? usual : [...usual, quantity]).map(String);
}

function Line({ line, disabled, onChange }: Omit<CartLinesProps, "lines"> & { readonly line: CartLine }) {
  const { productId, quantity, product } = line;
  const change = queries.useAddToCart();
  const name = product?.name ?? "Product no longer available";
  const busy = disabled || change.isPending;

  // The shop's cart only adds: a smaller quantity is a negative difference.
  const setQuantity = (wanted: number) => {
    if (busy || wanted === quantity) return;
    onChange();
    change.mutateAsync({ productId, quantity: wanted - quantity }).then(
      () => {
        announce(wanted === 0 ? `${name} removed` : `${name}: ${wanted}`);
        if (wanted === 0) focusContent();
      },
      () => {
        // Shown below the line.
      },
    );
  };

  const shownQuantity = change.isPending ? quantity + (change.variables?.quantity ?? 0) : quantity;
  return (
    <li className={styles.line} data-unavailable={product === null}>
      {product ? (
        <Link to="/product/$productId" params={{ productId }} className={styles.picture} tabIndex={-1} aria-hidden>
          <ProductImage picture={product.picture} alt="" sizes="120px" eager />
        </Link>
      ) : (
        <div className={styles.picture} />
      )}
      <div className={styles.name}>
        {product ? (
          <Link to="/product/$productId" params={{ productId }}>
            {name}
          </Link>
        ) : (
          <>
            <strong>{name}</strong>
            <p>It left the shop after you chose it. Remove it to order the rest.</p>
          </>
        )}
        {product && <p className={styles.each}>{formatMoney(product.priceUsd)} each</p>}
      </div>
      {product && (
        <NativeSelect
          className={styles.quantity}
          aria-label={`Quantity of ${name}`}
          data={quantitiesWith(quantity)}
          value={String(Math.max(shownQuantity, 1))}
          disabled={busy}
          onChange={(event) => setQuantity(Number(event.currentTarget.value))}
        />
      )}
      <div className={styles.total}>{product && formatMoney(multiply(product.priceUsd, quantity))}</div>
      <button
        type="button"
        className={styles.remove}
        disabled={busy}
        onClick={() => setQuantity(0)}
        aria-label={`Remove ${name}`}
      >
        Remove
      </button>
      {change.isError && (
        <div className={styles.problem}>
          <Problem error={change.error} />
        </div>
      )}
    </li>
  );
}
