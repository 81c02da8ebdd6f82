import type { ReactNode } from "react";
import styles from "./empty.module.css";

type EmptyProps = { readonly title: string; readonly text: string; readonly children?: ReactNode };

/** A page with nothing on it yet: says so, and offers the next step. */
export function Empty({ title, text, children }: EmptyProps) {
  return (
    <div className={styles.empty}>
      <svg className={styles.figure} viewBox="0 0 200 120" fill="none" aria-hidden>
        <ellipse cx="100" cy="66" rx="92" ry="34" />
        <ellipse cx="100" cy="66" rx="60" ry="22" />
        <ellipse cx="100" cy="66" rx="30" ry="11" />
        <circle className={styles.sun} cx="100" cy="62" r="9" />
        <circle className={styles.planet} cx="41" cy="62" r="5" />
        <circle className={styles.moon} cx="170" cy="44" r="7" />
      </svg>
      <h1>{title}</h1>
      <p>{text}</p>
      {children}
    </div>
  );
}
