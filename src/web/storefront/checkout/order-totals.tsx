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
      <Row label="Total" amount={total} className={styles.total} />
    </dl>
  );
}

type RowProps = { readonly label: string; readonly amount: Money | undefined; readonly className?: string | undefined };

function Row({ label, amount, className = "" }: RowProps) {
  return (
    <div className={`${styles.row} ${className}`}>
      <dt>{label}</dt>
      <dd>{amount ? formatMoney(amount) : <Skeleton height={16} width={72} />}</dd>
    </div>
  );
}
