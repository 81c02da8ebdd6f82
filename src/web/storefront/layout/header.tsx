import { Link } from "@tanstack/react-router";
import { ColorSchemeToggle } from "../../shared/color-scheme-toggle.tsx";
import { CartMenu } from "./cart-menu.tsx";
import { CategoryNav } from "./category-nav.tsx";
import { CurrencySelect } from "./currency-select.tsx";
import styles from "./header.module.css";
import { Logo } from "./logo.tsx";
import { SearchBox } from "./search-box.tsx";

export function Header() {
  return (
    <header className={styles.header}>
      <div className={styles.bar}>
        <Link to="/" className={styles.logo} aria-label="Orrery, front page">
          <Logo />
        </Link>
        <SearchBox />
        <div className={styles.tools}>
          <CurrencySelect />
          <ColorSchemeToggle className={styles.tool} />
          <CartMenu />
        </div>
      </div>
      <CategoryNav />
    </header>
  );
}
