import { useState } from "react";
import { observatory, TraceLink } from "../feedback/trace-link.tsx";
import { userId } from "../session.ts";
import styles from "./what-happened.module.css";

const storageKey = "what-happened";

/** A way to the trace of what the shopper just did, until it is waved away. */
export function WhatHappened() {
  const [isDismissed, setDismissed] = useState(() => wasDismissed());
  if (!observatory || isDismissed) return null;
  const dismiss = () => {
    setDismissed(true);
    try {
      localStorage.setItem(storageKey, "dismissed");
    } catch {
      // Storage is blocked: it comes back with the next page.
    }
  };
  return (
    <aside className={styles.pill} aria-label="Behind the scenes">
      <TraceLink of={{ session: userId }}>See what just happened</TraceLink>
      <button type="button" onClick={dismiss} aria-label="Do not show this again">
        ×
      </button>
    </aside>
  );
}

function wasDismissed(): boolean {
  try {
    return localStorage.getItem(storageKey) === "dismissed";
  } catch {
    return false;
  }
}
