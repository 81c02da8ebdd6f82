import { Button } from "@mantine/core";
import { useClickOutside } from "@mantine/hooks";
import { Link, useRouterState } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { formatMoney } from "../../shared/money.ts";
import { ProductImage } from "../catalog/product-image.tsx";
import { Problem } from "../feedback/problem.tsx";
import { useCart } from "../queries.ts";
import styles from "./cart-menu.module.css";
import header from "./header.module.css";

/** The cart in the header: how many different products, and what they are. */
export function CartMenu() {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const outside = useClickOutside(() => setOpen(false));
  const id = useId();
  const cart = useCart();
  const lines = cart.data?.items ?? [];

  const path = useRouterState({ select: (state) => state.location.pathname });
  // A new page closes the menu of the old one.
  useEffect(() => setOpen(false), [path]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && open) close();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape is caught for whatever has the focus inside
    <div ref={outside} className={styles.menu} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        className={header.tool}
        data-cy="cart-icon"
        aria-label={lines.length === 0 ? "Cart, empty" : `Cart, ${countOf(lines.length)}`}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <svg viewBox="0 0 24 24" width="22" height="22" fill="none" stroke="currentColor" strokeWidth="1.7" aria-hidden>
          <path d="M3 4h2.4l2.2 11h10l2.2-8H6.2" strokeLinejoin="round" strokeLinecap="round" />
          <circle cx="9" cy="19" r="1.5" />
          <circle cx="16.5" cy="19" r="1.5" />
        </svg>
        {lines.length > 0 && (
          <span className={styles.badge} data-cy="cart-item-count">
            {lines.length}
          </span>
        )}
      </button>
      <div id={id} className={styles.place}>
        {open && (
          <section className={styles.dropdown} data-cy="cart-dropdown" aria-label="Shopping cart">
            <div className={styles.head}>
              <h2>Shopping cart</h2>
              <button type="button" className={styles.close} onClick={close}>
                Close
              </button>
            </div>
            {cart.isError && !cart.data && <Problem error={cart.error} onRetry={() => void cart.refetch()} />}
            {cart.data && lines.length === 0 && <p className={styles.empty}>Nothing in it yet.</p>}
            {lines.length > 0 && (
              <ul className={styles.lines}>
                {lines.map(({ productId, quantity, product }) => (
                  <li key={productId} className={styles.line} data-cy="cart-dropdown-item">
                    <ProductImage picture={product?.picture ?? ""} alt="" sizes="64px" />
                    <span className={styles.name}>{product?.name ?? "No longer available"}</span>
                    <span className={styles.price}>
                      {product && formatMoney(product.priceUsd)}
                      <span className={styles.quantity} data-cy="cart-dropdown-item-quantity">
                        × {quantity}
                      </span>
                    </span>
                  </li>
                ))}
              </ul>
            )}
            <Button
              fullWidth
              size="md"
              renderRoot={(props) => (
                <Link {...props} to="/cart" data-cy="cart-go-to-shopping" onClick={() => setOpen(false)} />
              )}
            >
              Go to the cart
            </Button>
          </section>
        )}
      </div>
    </div>
  );
}

function countOf(lines: number): string {
  return lines === 1 ? "1 product" : `${lines} products`;
}
