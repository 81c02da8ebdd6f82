import { useEffectEvent, useLayoutEffect, useRef } from "react";
import styles from "./details-panel.module.css";

/**
 * Everything about what is chosen in a view: beside it, or a sheet from below where there is little width. Escape
 * closes it, and the focus goes back to where it came from.
 */
export function DetailsPanel(props: {
  readonly label: string;
  readonly title: React.ReactNode;
  readonly className?: string | undefined;
  readonly onClose: () => void;
  readonly children: React.ReactNode;
}) {
  const panel = useRef<HTMLElement>(null);
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    const isInDialog = event.target instanceof Element && event.target.closest("dialog");
    if (event.key === "Escape" && !isInDialog) props.onClose();
  });
  // Before the panel leaves the page, as the focus does with it.
  useLayoutEffect(() => {
    const opener = document.activeElement;
    const element = panel.current;
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
      if (element?.contains(document.activeElement) && opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <aside ref={panel} className={`${styles.panel} ${props.className ?? ""}`} aria-label={props.label}>
      <div className={styles.head}>
        <h2>{props.title}</h2>
        <button type="button" className={styles.close} onClick={props.onClose} aria-label="Close" title="Close (Esc)">
          ✕
        </button>
      </div>
      {props.children}
    </aside>
  );
}
