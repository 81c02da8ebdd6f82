import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ColorSchemeToggle } from "../../shared/color-scheme-toggle.tsx";
import styles from "../../shared/shell.module.css";
import { ConnectionState } from "./connection-state.tsx";
import { QuickSearch } from "./quick-search.tsx";
import { RangePicker } from "./range-picker.tsx";
import { useShortcut } from "./use-shortcut.ts";

const views = [
  { to: "/", label: "Map" },
  { to: "/traces", label: "Traces" },
  { to: "/metrics", label: "Metrics" },
  { to: "/logs", label: "Logs" },
  { to: "/slos", label: "SLOs" },
  { to: "/scenarios", label: "Scenarios" },
  { to: "/load", label: "Load" },
  { to: "/sql", label: "SQL" },
  { to: "/status", label: "Status" },
] as const;

/** The frame around every view. */
export function Shell() {
  const [isSearching, setSearching] = useState(false);
  useShortcut(() => setSearching(true));
  const nav = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  // On a phone not all names of views have room: that of the present one shall be seen.
  useEffect(() => {
    const current = nav.current?.querySelector("[aria-current=page]");
    current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [pathname]);
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#view">
        Skip to the view
      </a>
      <header className={styles.header}>
        <a className={styles.brand} href="/" title="To the shop">
          <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden>
            <circle cx="16" cy="16" r="13" fill="none" stroke="#6f74b8" strokeWidth="1.6" />
            <circle cx="16" cy="16" r="7" fill="none" stroke="#6f74b8" strokeWidth="1.6" />
            <circle cx="16" cy="16" r="2.4" fill="#f1f2ff" />
            <circle cx="25.2" cy="6.8" r="3.6" fill="#ffb454" />
          </svg>
          <span className={styles.name}>
            Orrery <span className={styles.place}>Observatory</span>
          </span>
        </a>
        <nav ref={nav} className={styles.nav} aria-label="Views">
          {views.map(({ to, label }) => (
            <Link key={to} to={to} className={styles.view} activeOptions={{ exact: to === "/", includeSearch: false }}>
              {label}
            </Link>
          ))}
        </nav>
        <div className={styles.tools}>
          <button
            type="button"
            className={styles.tool}
            onClick={() => setSearching(true)}
            aria-keyshortcuts="Control+K /"
          >
            <svg
              viewBox="0 0 24 24"
              width="16"
              height="16"
              fill="none"
              stroke="currentColor"
              strokeWidth="2"
              aria-hidden
            >
              <circle cx="11" cy="11" r="6.5" />
              <path d="m16 16 5 5" />
            </svg>
            <span className={styles.word}>Find</span> <kbd className={styles.key}>/</kbd>
          </button>
          <a className={styles.tool} href="/feature/" title="Flags and faults">
            <svg
              viewBox="0 0 24 24"
              width="16"
              height="16"
              fill="none"
              stroke="currentColor"
              strokeWidth="2"
              aria-hidden
            >
              <path d="M6 21V4" />
              <path d="M6 5h12l-3 4 3 4H6z" />
            </svg>
            <span className={styles.word}>Flags</span>
          </a>
          <RangePicker />
          <ConnectionState />
          <ColorSchemeToggle className={styles.tool} />
        </div>
      </header>
      <main id="view" className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
      {isSearching && <QuickSearch onClose={() => setSearching(false)} />}
    </div>
  );
}
