import { Link, Outlet } from "@tanstack/react-router";
import { ColorSchemeToggle } from "../../shared/color-scheme-toggle.tsx";
import frame from "../../shared/shell.module.css";
import { ActivityPanel } from "../activity/activity-panel.tsx";
import { env } from "../env.ts";
import { useWatched } from "../live/watch.ts";
import { BrokenFile } from "./broken-file.tsx";
import styles from "./flags-shell.module.css";

const pages = [
  { to: "/", label: "Basic" },
  { to: "/advanced", label: "Advanced" },
  { to: "/scheduler", label: "Scheduler" },
] as const;

/** The frame around every page, with the activity beside it. */
export function Shell() {
  return (
    <div className={frame.shell}>
      <a className={frame.skip} href="#view">
        Skip to the page
      </a>
      <header className={frame.header}>
        <a className={frame.brand} href="/" title="To the shop">
          <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden>
            <circle cx="13" cy="19" r="9.5" fill="none" stroke="#6f74b8" strokeWidth="1.6" />
            <circle cx="13" cy="19" r="2.4" fill="#f1f2ff" />
            <path d="M19.5 3.5V20" stroke="#f1f2ff" strokeWidth="1.8" strokeLinecap="round" />
            <path d="M20.4 4 29 7.6l-8.6 3.6z" fill="#ffb454" />
          </svg>
          <span className={frame.name}>
            Orrery <span className={frame.place}>Flags</span>
          </span>
        </a>
        <nav className={frame.nav} aria-label="Pages">
          {pages.map(({ to, label }) => (
            <Link key={to} to={to} className={frame.view} activeOptions={{ exact: to === "/", includeSearch: false }}>
              {label}
            </Link>
          ))}
        </nav>
        <div className={frame.tools}>
          {env.OBSERVATORY_URL && (
            <a className={frame.tool} href={env.OBSERVATORY_URL}>
              Observatory
            </a>
          )}
          <ConnectionState />
          <ColorSchemeToggle className={frame.tool} />
        </div>
      </header>
      <div className={styles.body}>
        <main id="view" className={styles.main} tabIndex={-1}>
          <BrokenFile />
          <Outlet />
        </main>
        <ActivityPanel />
      </div>
    </div>
  );
}

const labels = { live: "Live", connecting: "Connecting", lost: "Offline" } as const;

function ConnectionState() {
  const connection = useWatched((all) => all.connection);
  return (
    <span role="status" className={styles.connection} data-state={connection}>
      {labels[connection]}
    </span>
  );
}
