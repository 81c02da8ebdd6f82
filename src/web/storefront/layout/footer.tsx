import { Link } from "@tanstack/react-router";
import { env } from "../env.ts";
import { observatory } from "../feedback/trace-link.tsx";
import { userId } from "../session.ts";
import styles from "./footer.module.css";

export function Footer() {
  return (
    <footer className={styles.footer}>
      <div className={styles.inner}>
        <p className={styles.notice}>
          Orrery is a demonstration. Nothing is delivered and no money moves: please keep real cards and addresses out
          of it.
        </p>
        <p className={styles.session}>
          session-id: <span data-cy="session-id">{userId}</span>
        </p>
        <p>
          © {new Date().getFullYear()} Orrery · <Link to="/orders">My orders</Link> ·{" "}
          <a href="/api/docs">The shop's API</a>
          {observatory && (
            <>
              {" "}
              · <a href={observatory}>Observatory</a>
            </>
          )}{" "}
          · <a href="/feature/">Flags and faults</a>
        </p>
      </div>
      {env.NEXT_PUBLIC_PLATFORM && (
        <p className={styles.platform} title="Where this shop runs">
          {env.NEXT_PUBLIC_PLATFORM}
        </p>
      )}
    </footer>
  );
}
