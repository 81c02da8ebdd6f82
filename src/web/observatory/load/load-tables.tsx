import { formatCount, formatDuration, formatRate, formatShare } from "../format.ts";
import type { FailureRow, LoadStats, RequestRow } from "./load-api.ts";
import styles from "./load-page.module.css";

const percentiles = ["p50", "p95", "p99", "p999", "max"] as const;

/** Each kind of request, with percentiles of its times. */
export function Requests({ stats }: { readonly stats: LoadStats }) {
  const rows: readonly RequestRow[] = [...stats.requests, { ...stats.total, name: "All" }];
  return (
    <section aria-labelledby="requests" className={`panel ${styles.section}`}>
      <h2 id="requests">Requests</h2>
      {stats.total.count === 0 ? (
        <p className={styles.none}>None was answered yet.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
        <section className="scroll-x" tabIndex={0} aria-label="Requests and their times">
          <table className="pinned">
            <thead>
              <tr>
                <th scope="col">Request</th>
                {["count", "a second", "failed", "p50", "p95", "p99", "p99.9", "max"].map((name) => (
                  <th key={name} scope="col" className="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, count, perSecond, failed, times }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td className="number">{formatCount(count)}</td>
                  <td className="number">{formatRate(perSecond)}</td>
                  <td className={`number ${failed > 0 ? "bad" : ""}`}>
                    {failed === 0 ? "0" : `${formatCount(failed)} (${formatShare(failed / count)})`}
                  </td>
                  {percentiles.map((each) => (
                    <td key={each} className="number">
                      {formatDuration(times[each])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

const kindWords: Readonly<Record<string, string>> = {
  connection: "nobody answered, or the connection broke",
  timeout: "no answer in time",
  status: "the shop failed",
  declined: "the shop declined, which it may",
  content: "an answer that is wrong",
};

/** What failed, by kind, and in which request. */
export function Failures({ failures }: { readonly failures: readonly FailureRow[] }) {
  const byKind = [...Map.groupBy(failures, ({ kind }) => kind)]
    .map(([kind, rows]) => ({ kind, rows, count: rows.reduce((sum, { count }) => sum + count, 0) }))
    .toSorted((a, b) => b.count - a.count);
  return (
    <section aria-labelledby="failures" className={`panel ${styles.section}`}>
      <h2 id="failures">What failed</h2>
      {byKind.length === 0 ? (
        <p className={styles.none}>Nothing.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
        <section className="scroll-x" tabIndex={0} aria-label="What failed, by kind">
          <table className="pinned">
            <thead>
              <tr>
                <th scope="col">Kind</th>
                <th scope="col">Request</th>
                <th scope="col">Why</th>
                <th scope="col" className="number">
                  count
                </th>
              </tr>
            </thead>
            {byKind.map(({ kind, rows, count }) => (
              <tbody key={kind}>
                <tr>
                  <th scope="rowgroup" colSpan={3}>
                    {kind} <span className={styles.kind}>{kindWords[kind]}</span>
                  </th>
                  <td className="number">
                    <strong>{formatCount(count)}</strong>
                  </td>
                </tr>
                {rows.map(({ name, detail, count: each }) => (
                  <tr key={`${name} ${detail}`}>
                    <td />
                    <td className={styles.request}>{name}</td>
                    <td>{detail}</td>
                    <td className="number">{formatCount(each)}</td>
                  </tr>
                ))}
              </tbody>
            ))}
          </table>
        </section>
      )}
    </section>
  );
}
