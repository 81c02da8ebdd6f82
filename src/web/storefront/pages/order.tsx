import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { formatMoney, multiply, sum } from "../../shared/money.ts";
import { failureOf } from "../api.ts";
import { Ad } from "../catalog/ad.tsx";
import { ProductImage } from "../catalog/product-image.tsx";
import { Recommendations } from "../catalog/recommendations.tsx";
import { OrderTotals } from "../checkout/order-totals.tsx";
import { PageProblem } from "../feedback/problem.tsx";
import { observatory, TraceLink } from "../feedback/trace-link.tsx";
import page from "../layout/page.module.css";
import type { Order } from "../model.ts";
import { usePageTitle } from "../page-title.ts";
import * as queries from "../queries.ts";
import { useCurrencyCode } from "../session.ts";
import { NotFoundPage } from "./not-found.tsx";
import styles from "./order.module.css";

export function OrderPage() {
  usePageTitle("Checkout");
  const { orderId } = useParams({ from: "/cart/checkout/$orderId" });
  const order = useQuery(queries.order(orderId, useCurrencyCode()));

  if (order.isError && !order.data) {
    const failure = failureOf(order.error);
    if (failure.kind === "refused" && (failure.reason === "ORDER_NOT_FOUND" || failure.reason === "INVALID_REQUEST")) {
      return (
        <NotFoundPage
          title="We cannot find this order"
          text="Orders are shown only in the browser that placed them. If this is the one, check the address."
        />
      );
    }
    return (
      <div className={page.page}>
        <PageProblem error={order.error} onRetry={() => void order.refetch()} />
      </div>
    );
  }
  const items = order.data?.items ?? [];
  return (
    <div className={page.page}>
      {order.data ? <Confirmation order={order.data} /> : <OrderFrame />}
      <Recommendations productIds={order.data && items.map(({ item }) => item.productId)} />
      <Ad contextKeys={[...new Set(items.flatMap(({ item }) => item.product?.categories ?? []))]} />
    </div>
  );
}

const dateFormat = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" });

function Confirmation({ order }: { readonly order: Order }) {
  const items = sum(order.items.map(({ cost, item }) => multiply(cost, item.quantity)));
  const { streetAddress, city, state, zipCode, country } = order.shippingAddress;
  return (
    <>
      <div className={page.heading}>
        <h1 className={page.title}>Your order is placed.</h1>
        <p className={page.lead}>
          Placed on <time dateTime={order.placedAt}>{dateFormat.format(new Date(order.placedAt))}</time>. The
          confirmation comes by e-mail.
        </p>
      </div>
      <div className={styles.columns}>
        <ul className={styles.items} aria-label="What you ordered">
          {order.items.map(({ cost, item }) => (
            <li key={item.productId} className={styles.item} data-cy="checkout-item">
              <div className={styles.picture}>
                <ProductImage picture={item.product?.picture ?? ""} alt="" sizes="120px" eager />
              </div>
              <div className={styles.name}>
                {item.product ? (
                  <Link to="/product/$productId" params={{ productId: item.productId }}>
                    {item.product.name}
                  </Link>
                ) : (
                  <strong>Product {item.productId}</strong>
                )}
                <p>
                  {item.quantity} × {formatMoney(cost)}
                </p>
              </div>
              <div className={styles.total}>{formatMoney(multiply(cost, item.quantity))}</div>
            </li>
          ))}
        </ul>
        <section className={styles.summary} aria-label="Order details">
          <OrderTotals items={items} shipping={order.shippingCost} total={order.total} />
          <dl className={styles.facts}>
            <div>
              <dt>Order</dt>
              <dd className={styles.code}>{order.orderId}</dd>
            </div>
            <div>
              <dt>Tracking</dt>
              <dd className={styles.code}>{order.shippingTrackingId}</dd>
            </div>
            {observatory && (
              <div>
                <dt>Behind the scenes</dt>
                <dd>
                  <TraceLink of={{ order: order.orderId }}>The trace of this order</TraceLink>
                </dd>
              </div>
            )}
            <div>
              <dt>Ships to</dt>
              <dd>
                <address>
                  {streetAddress}
                  <br />
                  {[city, state, zipCode].filter(Boolean).join(", ")}
                  <br />
                  {country}
                </address>
              </dd>
            </div>
          </dl>
          <Button size="md" fullWidth renderRoot={(props) => <Link {...props} to="/" />}>
            Continue Shopping
          </Button>
          <Button variant="default" size="md" fullWidth renderRoot={(props) => <Link {...props} to="/orders" />}>
            See all your orders
          </Button>
        </section>
      </div>
    </>
  );
}

function OrderFrame() {
  return (
    <div aria-busy="true">
      <Skeleton height={48} width="min(420px, 90%)" mb={40} />
      <div className={styles.columns}>
        <Skeleton height={240} />
        <Skeleton height={360} radius={14} />
      </div>
    </div>
  );
}
