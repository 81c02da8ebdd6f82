import { Code, ConnectError } from "@connectrpc/connect";
import styles from "./problem.module.css";

const causes: Partial<Record<Code, string>> = {
  [Code.Unavailable]: "The store cannot be reached.",
  [Code.Unknown]: "The store cannot be reached.",
  [Code.DeadlineExceeded]: "The store took too long to answer.",
  [Code.ResourceExhausted]: "The store is busy.",
};

/** Says why something could not be shown, in the store's words where it gave some. */
export function Problem({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const failure = ConnectError.from(error);
  const cause = causes[failure.code];
  return (
    <div role="alert" className={styles.problem}>
      <p>
        <strong>{cause ?? "This cannot be shown."}</strong>{" "}
        {cause === undefined || failure.code === Code.ResourceExhausted ? failure.rawMessage : ""}
      </p>
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Says that there is nothing, and why that may be. */
export function Nothing({ title, children }: { readonly title: string; readonly children?: React.ReactNode }) {
  return (
    <div className={styles.nothing}>
      <p className={styles.title}>{title}</p>
      {children && <p className="dimmed">{children}</p>}
    </div>
  );
}
