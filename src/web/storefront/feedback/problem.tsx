import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { failureOf, reasonOf } from "../api.ts";
import { setCurrencyCode } from "../session.ts";
import { describeFailure } from "./describe-failure.ts";
import { Notice } from "./notice.tsx";
import styles from "./problem.module.css";

type ProblemProps = { readonly error: unknown; readonly onRetry?: () => void };

function WayOn({ error, onRetry }: ProblemProps) {
  if (reasonOf(error) === "CURRENCY_UNSUPPORTED") {
    return <Button onClick={() => setCurrencyCode("USD")}>Show prices in US dollars</Button>;
  }
  return onRetry ? <Button onClick={onRetry}>Try again</Button> : null;
}

/** A part of a page that could not be shown, or an action that failed. */
export function Problem({ error, onRetry }: ProblemProps) {
  const { title, text } = describeFailure(failureOf(error));
  return (
    <Notice tone="danger" title={title}>
      <p>{text}</p>
      <div>
        <WayOn error={error} {...(onRetry ? { onRetry } : {})} />
      </div>
    </Notice>
  );
}

/** A whole page that could not be shown. */
export function PageProblem({ error, onRetry }: ProblemProps) {
  const { title, text } = describeFailure(failureOf(error));
  return (
    <div className={styles.page} role="alert">
      <h1>{title}</h1>
      <p>{text}</p>
      <div className={styles.actions}>
        <WayOn error={error} {...(onRetry ? { onRetry } : {})} />
        <Button variant="default" renderRoot={(props) => <Link {...props} to="/" />}>
          Go to the front page
        </Button>
      </div>
    </div>
  );
}
