import { useId, useState } from "react";
import styles from "./sidebar.module.css";

/** A list beside a view's content. Where there is little width it is behind a button, and closes after a choice. */
export function WithSidebar(props: {
  readonly label: string;
  readonly sidebar: React.ReactNode;
  readonly children: React.ReactNode;
}) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  return (
    <div className={styles.split}>
      <button
        type="button"
        className={`button ${styles.opener}`}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        {props.label}
        <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden>
          <path d="M1 3l4 4 4-4" fill="none" stroke="currentColor" strokeWidth="1.6" />
        </svg>
      </button>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: listens to what bubbles up from the links and buttons */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: a key on a link or a button is a click, too */}
      <div
        id={id}
        className={styles.sidebar}
        data-open={isOpen}
        onClick={({ target }) => {
          if (target instanceof Element && target.closest("a, button")) setOpen(false);
        }}
      >
        {props.sidebar}
      </div>
      <div className={styles.content}>{props.children}</div>
    </div>
  );
}
