import { Link } from "@tanstack/react-router";
import { formatDuration } from "../format.ts";
import { ServiceName } from "../service-name.tsx";
import type { Manifest } from "./manifest.ts";
import { SloLink } from "./slo-link.tsx";
import styles from "./truth.module.css";

/** What a manifest says: what is wrong and where, how it spreads, what shows it, and what helps. */
export function Truth({ manifest }: { readonly manifest: Manifest }) {
  const { faults, propagation, effects, slis, alerts, decoys, timeToDetect, mitigations } = manifest;
  return (
    <section aria-label="The truth" className={`panel ${styles.truth}`}>
      <h2>What is wrong, and where</h2>
      {faults.length === 0 && <p>Nothing. Whoever names a cause raises a false alarm.</p>}
      <ul className={styles.faults}>
        {faults.map(({ flag, variant, target, afterSeconds, rootCause }) => (
          <li key={flag}>
            {rootCause ? (
              <>
                <strong>
                  <ServiceName name={rootCause.entity} />
                </strong>{" "}
                {rootCause.reason} <span className="dimmed">({rootCause.category})</span>
              </>
            ) : (
              <>
                <strong>
                  <ServiceName name={target} />
                </strong>{" "}
                is a decoy: it harms nobody
              </>
            )}
            <p className="dimmed">
              The flag{" "}
              <a href={`/feature/?find=${encodeURIComponent(flag)}`} className="tap">
                {flag}
              </a>{" "}
              is {variant}
              {rootCause !== undefined && target !== rootCause.entity && `, read by ${target}`}
              {afterSeconds > 0 && `, ${formatDuration(afterSeconds * 1000)} after the first`}.
            </p>
          </li>
        ))}
      </ul>
      {propagation.length > 0 && (
        <>
          <h2>How it spreads</h2>
          <ol className={styles.steps}>
            {propagation.map(({ from, to, condition, effect }) => (
              <li key={`${from} ${to} ${effect}`}>
                <strong>
                  <ServiceName name={from} /> <span aria-hidden>→</span> <ServiceName name={to} />
                </strong>
                <p>
                  {effect} <span className="dimmed">{condition}</span>
                </p>
              </li>
            ))}
          </ol>
        </>
      )}
      {effects.length > 0 && (
        <>
          <h2>What proves it</h2>
          <ul className={styles.plain}>
            {effects.map(({ name, sql, direction, atLeast }) => (
              <li key={name}>
                <details>
                  <summary className={styles.measured}>
                    {name}: {direction} by {atLeast} or more
                  </summary>
                  <pre className={styles.sql}>{sql}</pre>
                </details>
              </li>
            ))}
          </ul>
        </>
      )}
      {slis.length + alerts.length > 0 && (
        <>
          <h2>What suffers, and what tells</h2>
          <dl className={styles.told}>
            <div>
              <dt>Objectives</dt>
              {slis.length === 0 && <dd>none</dd>}
              {slis.map(({ name, direction }) => (
                <dd key={name}>
                  <SloLink name={name} /> {direction}
                </dd>
              ))}
            </div>
            <div>
              <dt>Alerts</dt>
              {alerts.length === 0 && <dd>none</dd>}
              {alerts.map((name) => (
                <dd key={name}>
                  <SloLink name={name} />
                </dd>
              ))}
            </div>
            {timeToDetect && (
              <div>
                <dt>First sign</dt>
                <dd>
                  after {formatDuration(timeToDetect.typicalSeconds * 1000)}, not before{" "}
                  {formatDuration(timeToDetect.minimumSeconds * 1000)}
                </dd>
              </div>
            )}
          </dl>
        </>
      )}
      {decoys.length > 0 && (
        <>
          <h2>What looks guilty and is not</h2>
          <ul className={styles.plain}>
            {decoys.map(({ entity, why }) => (
              <li key={entity}>
                <strong>
                  <Link to="/" search={{ node: entity }} className="tap">
                    {entity}
                  </Link>
                </strong>{" "}
                {why}
              </li>
            ))}
          </ul>
        </>
      )}
      {mitigations.length > 0 && (
        <>
          <h2>What helps, and what does not</h2>
          <ul className={styles.plain}>
            {mitigations.map(({ action, flag, service, replicas, helps, why }) => (
              <li key={`${action} ${flag ?? service}`}>
                <span className={helps ? "good" : "dimmed"}>{helps ? "✓ helps" : "✕ does not"}</span>{" "}
                <strong>
                  {actionWords[action] ?? action} {flag ?? service}
                  {replicas !== undefined && ` to ${replicas}`}
                </strong>{" "}
                {why}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

const actionWords: Readonly<Record<string, string>> = {
  clear: "switch off",
  restart: "restart",
  "roll-back": "roll back",
  scale: "scale",
};
