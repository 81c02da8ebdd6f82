import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { formatMoney } from "../../shared/money.ts";
import { ProductImage } from "../catalog/product-image.tsx";
import { Empty } from "../feedback/empty.tsx";
import { PageProblem } from "../feedback/problem.tsx";
import page from "../layout/page.module.css";
import type { OrderSummary, Product } from "../model.ts";
import { usePageTitle } from "../page-title.ts";
import * as queries from "../queries.ts";
import { useCurrencyCode } from "../session.ts";
import styles from "./orders.module.css";

export function OrdersPage() {
  usePageTitle("Orders");
  const orders = useQuery(queries.orders);
  const { data: products = [] } = useQuery(queries.products(useCurrencyCode()));

  if (orders.isError && !orders.data) {
    return (
      <div className={page.page}>
        <PageProblem error={orders.error} onRetry={() => void orders.refetch()} />
      </div>
    );
  }
  if (orders.data?.length === 0) {
    return (
      <div className={page.page}>
        <Empty title="No orders yet" text="What you buy in this browser is listed here.">
          <Button size="md" renderRoot={(props) => <Link {...props} to="/" />}>
            Start shopping
          </Button>
        </Empty>
      </div>
    );
  }
  return (
    <div className={page.page}>
      <div className={page.heading}>
        <h1 className={page.title}>My orders</h1>
        <p className={page.lead}>What was bought in this browser, the newest first.</p>
      </div>
      {orders.data ? (
        <ul className={styles.orders}>
          {orders.data.map((order) => (
            <OrderRow key={order.orderId} order={order} products={products} />
          ))}
        </ul>
      ) : (
        <Skeleton height={240} />
      )}
    </div>
  );
}

const dateFormat = new Intl.DateTimeFormat("en", { dateStyle: "long" });
const shownPictures = 3;

function OrderRow({ order, products }: { readonly order: OrderSummary; readonly products: readonly Product[] }) {
  const pictures = order.items.map(({ productId }) => ({
    productId,
    picture: products.find((product) => product.id === productId)?.picture ?? "",
  }));
  return (
    <li>
      <Link to="/cart/checkout/$orderId" params={{ orderId: order.orderId }} className={styles.order}>
        <span className={styles.pictures}>
          {pictures.slice(0, shownPictures).map(({ productId, picture }) => (
            <ProductImage key={productId} picture={picture} alt="" sizes="80px" />
          ))}
        </span>
        <span className={styles.text}>
          <span className={styles.date}>
            <time dateTime={order.placedAt}>{dateFormat.format(new Date(order.placedAt))}</time>
          </span>
          <span className={styles.detail}>
            {order.itemCount === 1 ? "1 piece" : `${order.itemCount} pieces`}, {order.status}
          </span>
          <span className={styles.code}>{order.orderId}</span>
        </span>
        <span className={styles.total}>{formatMoney(order.total)}</span>
      </Link>
    </li>
  );
}
