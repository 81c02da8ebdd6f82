import { Skeleton } from "@mantine/core";
import { formatMoney, type Money } from "../../shared/money.ts";
import styles from "./order-totals.module.css";

type OrderTotalsProps = {
  /** Amounts that are not known yet are undefined. */
  readonly items: Money | undefined;
  readonly shipping: Money | undefined;
  readonly total: Money | undefined;
};

/** The sum of an order, in the cart and on the order page. */
export function OrderTotals({ items, shipping, total }: OrderTotalsProps) {
  return (
    <dl className={styles.totals}>
      <Row label="Items" amount={items} />
      <Row label="Shipping" amount={shipping} />
      <div className={styles.total}>
        <Row label="Total" amount={total} />
      </div>
    </dl>
  );
}

function Row({ label, amount }: { readonly label: string; readonly amount: Money | undefined }) {
  return (
    <div className={styles.row}>
      <dt>{label}</dt>
      <dd>{amount ? formatMoney(amount) : <Skeleton height={16} width={72} />}</dd>
    </div>
  );
}
