import styles from "./difficulty.module.css";

/** Without a fault there is nothing to find. */
export const difficulties = ["none", "easy", "medium", "hard"] as const;

/** How hard the root cause is to find, as a word and as dots. */
export function Difficulty({ of }: { readonly of: string }) {
  const steps = (difficulties as readonly string[]).indexOf(of);
  return (
    <span className={styles.difficulty}>
      <span className={styles.dots} aria-hidden>
        {difficulties.slice(1).map((step, index) => (
          <span key={step} data-on={index < steps} />
        ))}
      </span>
      {of}
    </span>
  );
}
