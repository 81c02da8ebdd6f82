import { useEffect, useState } from "react";
import { setPaused, useWatched } from "../live/watch.ts";
import styles from "./connection-state.module.css";

/** Shows whether the pages follow the store, and lets the reader hold them still. */
export function ConnectionState() {
  const connection = useWatched((all) => all.connection);
  const isPaused = useWatched((all) => all.isPaused);
  const shown = connection.kind === "live" && isPaused ? "paused" : connection.kind;
  return (
    <>
      <button
        type="button"
        className={styles.switch}
        data-state={shown}
        aria-pressed={isPaused}
        aria-label={`${labels[shown]}, pause`}
        title={isPaused ? "Go on" : "Hold everything still"}
        onClick={() => setPaused(!isPaused)}
      >
        <svg viewBox="0 0 12 12" width="12" height="12" fill="currentColor" aria-hidden>
          {isPaused ? <path d="M2.5 1v10l8-5z" /> : <path d="M2 1h3v10H2zM7 1h3v10H7z" />}
        </svg>
        <span className={styles.label}>{labels[shown]}</span>
      </button>
      <div role="status" className={styles.status}>
        {connection.kind === "lost" && (
          <p className={styles.lost}>
            <strong>Not connected.</strong> {connection.reason} <Countdown until={connection.retryAt} />
          </p>
        )}
      </div>
    </>
  );
}

const labels = { live: "Live", paused: "Paused", connecting: "Connecting", lost: "Offline" } as const;

function Countdown({ until }: { readonly until: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.ceil((until - now) / 1000);
  return <span aria-hidden>{seconds > 0 ? `Next try in ${seconds} s.` : "Trying again."}</span>;
}
