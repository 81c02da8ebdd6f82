import styles from "./problem.module.css";

/** Says what could not be done, and why. */
export function Refusal({ children }: { readonly children: React.ReactNode }) {
  return (
    <div role="alert" className={styles.problem}>
      <p>{children}</p>
    </div>
  );
}
