import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import * as queries from "../queries.ts";
import { useCurrencyCode } from "../session.ts";
import styles from "./header.module.css";

/** The catalogue's categories, the fullest first. */
export function CategoryNav() {
  const { data: products = [] } = useQuery(queries.products(useCurrencyCode()));
  const sizes = new Map<string, number>();
  for (const name of products.flatMap((product) => product.categories)) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  const names = [...sizes].toSorted(([a, m], [b, n]) => n - m || a.localeCompare(b)).map(([name]) => name);
  return (
    <nav className={styles.nav} aria-label="Shop">
      <ul>
        {names.map((name) => (
          <li key={name}>
            <Link to="/category/$name" params={{ name }}>
              {name}
            </Link>
          </li>
        ))}
      </ul>
      <Link to="/orders">My orders</Link>
    </nav>
  );
}
