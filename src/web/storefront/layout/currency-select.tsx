import { useQuery } from "@tanstack/react-query";
import { currencySymbol } from "../../shared/money.ts";
import * as queries from "../queries.ts";
import { setCurrencyCode, useCurrencyCode } from "../session.ts";
import styles from "./header.module.css";

export function CurrencySelect() {
  const selected = useCurrencyCode();
  const { data: codes = [] } = useQuery(queries.currencies);
  // The selected one stays in the list while it loads, and also when the shop no longer takes it.
  const listed = codes.includes(selected) ? codes : [selected, ...codes];
  return (
    <select
      className={styles.currency}
      name="currency_code"
      data-cy="currency-switcher"
      aria-label="Currency"
      value={selected}
      onChange={(event) => setCurrencyCode(event.currentTarget.value)}
    >
      {listed.map((code) => {
        const symbol = currencySymbol(code);
        return (
          <option key={code} value={code}>
            {symbol === code ? code : `${symbol} ${code}`}
          </option>
        );
      })}
    </select>
  );
}
