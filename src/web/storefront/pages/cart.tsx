import { Button, Loader, Skeleton } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { multiply, sum } from "../../shared/money.ts";
import { Ad } from "../catalog/ad.tsx";
import { Recommendations } from "../catalog/recommendations.tsx";
import { CartLines } from "../checkout/cart-lines.tsx";
import { CheckoutForm, checkoutFormId } from "../checkout/checkout-form.tsx";
import { CheckoutNotice, isAboutCard } from "../checkout/checkout-notice.tsx";
import { addressOf, type CheckoutValues, defaultValues, fieldOf, orderOf, rules } from "../checkout/checkout-values.ts";
import { OrderTotals } from "../checkout/order-totals.tsx";
import { type Checkout, useCheckout } from "../checkout/place-order.ts";
import { announce } from "../feedback/announcer.tsx";
import { Empty } from "../feedback/empty.tsx";
import { PageProblem, Problem } from "../feedback/problem.tsx";
import { focusContent } from "../layout/content.ts";
import page from "../layout/page.module.css";
import type { CartLine } from "../model.ts";
import { usePageTitle } from "../page-title.ts";
import * as queries from "../queries.ts";
import { useCurrencyCode, userId } from "../session.ts";
import styles from "./cart.module.css";

export function CartPage() {
  usePageTitle("Cart");
  const cart = queries.useCart();
  const { checkout, place, reset } = useCheckout();
  // While an order is on its way, the page shows what it is for: the shop empties the cart before it answers.
  const lines = checkout.state === "placing" || checkout.state === "uncertain" ? checkout.lines : cart.data?.items;

  if (!lines) {
    return (
      <div className={page.page}>
        {cart.isError ? <PageProblem error={cart.error} onRetry={() => void cart.refetch()} /> : <CartFrame />}
      </div>
    );
  }
  if (lines.length === 0) {
    return (
      <div className={page.page}>
        <CheckoutNotice checkout={checkout} />
        <Empty title="Your cart is empty" text="Whatever you add waits for you here.">
          <Button size="md" renderRoot={(props) => <Link {...props} to="/" />}>
            Continue Shopping
          </Button>
        </Empty>
      </div>
    );
  }
  const categories = [...new Set(lines.flatMap((line) => line.product?.categories ?? []))];
  return (
    <div className={page.page}>
      <FilledCart lines={lines} checkout={checkout} place={place} reset={reset} />
      <Recommendations productIds={lines.map((line) => line.productId)} />
      <Ad contextKeys={categories} />
    </div>
  );
}

type FilledCartProps = ReturnType<typeof useCheckout> & { readonly lines: readonly CartLine[] };

function FilledCart({ lines, checkout, place, reset }: FilledCartProps) {
  const currencyCode = useCurrencyCode();
  const empty = queries.useEmptyCart();
  const form = useForm<CheckoutValues>({ initialValues: restore(), validate: rules });
  useEffect(() => keep(form.values), [form.values]);
  useEffect(() => showFieldErrors(form, checkout), [checkout, form.setErrors]);

  const placing = checkout.state === "placing";
  useEffect(() => {
    if (placing) announce("Placing your order");
  }, [placing]);
  const available = lines.every((line) => line.product !== null);
  const priced = lines.flatMap(({ product, quantity }) => (product ? [multiply(product.priceUsd, quantity)] : []));
  const items = sum(priced);
  const shipping = useShipping(lines, form.values);
  const total = items && shipping.data && sum([items, shipping.data]);
  const aboutCard = isAboutCard(checkout);

  return (
    <>
      <div className={styles.heading}>
        <h1 className={page.title}>Shopping cart</h1>
        <button
          type="button"
          className={styles.empty}
          disabled={placing || empty.isPending}
          onClick={() => {
            reset();
            empty.mutateAsync().then(
              () => {
                announce("The cart is empty now");
                focusContent();
              },
              () => {
                // Shown below the heading.
              },
            );
          }}
        >
          Empty Cart
        </button>
      </div>
      {empty.isError && <Problem error={empty.error} />}
      <div className={styles.columns}>
        <div className={styles.left}>
          <CartLines lines={lines} disabled={placing} onChange={reset} />
          <CheckoutForm
            form={form}
            disabled={placing}
            onSubmit={(values) => void place(orderOf(values, { userId, currencyCode }), lines)}
            cardNotice={aboutCard && <CheckoutNotice checkout={checkout} />}
          />
        </div>
        <section className={styles.summary} aria-labelledby="summary">
          <h2 id="summary">Your order</h2>
          <OrderTotals items={items} shipping={shipping.data} total={total} />
          {shipping.isError && !shipping.data && (
            <Problem error={shipping.error} onRetry={() => void shipping.refetch()} />
          )}
          {!available && <p className={styles.hint}>Remove what is no longer available to place the order.</p>}
          {!aboutCard && <CheckoutNotice checkout={checkout} />}
          <Button
            type="submit"
            form={checkoutFormId}
            size="lg"
            fullWidth
            leftSection={placing && <Loader size="xs" color="currentColor" />}
            disabled={placing || !available || !total}
            data-cy="checkout-place-order"
          >
            {placing ? "Placing your order…" : "Place Order"}
          </Button>
          <Button variant="default" size="md" fullWidth renderRoot={(props) => <Link {...props} to="/" />}>
            Continue Shopping
          </Button>
        </section>
      </div>
    </>
  );
}

/** What the shop says about single fields belongs beside them. */
function showFieldErrors(form: { setErrors(errors: Record<string, string>): void }, checkout: Checkout): void {
  if (checkout.state !== "refused" || checkout.failure.kind !== "refused") return;
  const known = checkout.failure.fields.flatMap(({ field, message }) => {
    const name = fieldOf(field);
    return name ? [[name, message] as const] : [];
  });
  if (known.length > 0) form.setErrors(Object.fromEntries(known));
}

/** The shipping cost to the address in the form, asked for when the typing pauses and the address is whole. */
function useShipping(lines: readonly CartLine[], values: CheckoutValues) {
  const currencyCode = useCurrencyCode();
  const whole = values.streetAddress && values.city && values.country && values.zipCode;
  const [address, setAddress] = useState(() => addressOf(values));
  const [typed] = useDebouncedValue(JSON.stringify(addressOf(values)), 500);
  useEffect(() => {
    if (whole) setAddress(JSON.parse(typed));
  }, [typed, whole]);
  const items = lines.flatMap(({ productId, quantity, product }) => (product ? [{ productId, quantity }] : []));
  return useQuery(queries.shippingQuote(items, address, currencyCode));
}

// Contact and address survive a look at another page; the card is kept nowhere.
let kept: Partial<CheckoutValues> = {};

function keep({ email, streetAddress, zipCode, city, state, country }: CheckoutValues): void {
  kept = { email, streetAddress, zipCode, city, state, country };
}

function restore(): CheckoutValues {
  return { ...defaultValues(new Date()), ...kept };
}

function CartFrame() {
  return (
    <div aria-busy="true">
      <Skeleton height={48} width="min(320px, 80%)" mb={40} />
      <div className={styles.columns}>
        <div className={styles.left}>
          <Skeleton height={110} />
          <Skeleton height={110} />
          <Skeleton height={320} />
        </div>
        <Skeleton height={280} radius={14} />
      </div>
    </div>
  );
}
