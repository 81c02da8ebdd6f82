import { reasonOf } from "../api.ts";
import styles from "./problem.module.css";

/** Says why something could not be done. */
export function Problem({ error, children }: { readonly error?: unknown; readonly children?: React.ReactNode }) {
  return (
    <div role="alert" className={styles.problem}>
      {children ?? <p>{reasonOf(error)}</p>}
    </div>
  );
}

/** Says what people should know before they go on. */
export function Notice({ children }: { readonly children: React.ReactNode }) {
  return (
    <div role="status" className={styles.notice}>
      {children}
    </div>
  );
}
