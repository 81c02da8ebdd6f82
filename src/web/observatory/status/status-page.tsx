import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Link } from "@tanstack/react-router";
import type { Signal } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { observatory } from "../api.ts";
import { formatAgo, formatBytes, formatCount, formatRate, formatShare, formatTime } from "../format.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { useLiveQuery } from "../live/live-query.ts";
import { Nothing, Problem } from "../live/problem.tsx";
import { storeNow } from "../live/watch.ts";
import { ServiceName } from "../service-name.tsx";
import styles from "./status-page.module.css";

/** Metrics come every minute at least; spans and records only when there is something to do. */
const staleAfterMs = 120_000;

/** Which service sent what, what was dropped, and how full the store is. */
export function StatusPage() {
  usePageTitle("Status");
  const { data, error, refetch } = useLiveQuery({
    key: ["status"],
    ask: (call) => observatory.getStatus({}, call),
    everyMs: 2000,
  });
  if (error && !data) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!data) return <Nothing title="Asking the store" />;
  const { store } = data;
  const share = store && store.memoryLimitBytes > 0n ? Number(store.memoryBytes) / Number(store.memoryLimitBytes) : 0;
  return (
    <div className="page">
      <div className="page-head">
        <h1>Status</h1>
        <p className="dimmed">Which service has sent which signal, and what the store holds.</p>
      </div>
      {store && (
        <dl className={`panel ${styles.store}`}>
          <div>
            <dt>Memory of the store</dt>
            <dd>
              {formatBytes(store.memoryBytes)}
              {store.memoryLimitBytes > 0n && <small> of {formatBytes(store.memoryLimitBytes)}</small>}
              {/* biome-ignore lint/a11y/useSemanticElements: browsers agree on no way to style a meter element */}
              <div
                className={styles.meter}
                role="meter"
                aria-label="Share of the memory limit in use"
                aria-valuemin={0}
                aria-valuemax={100}
                aria-valuenow={Math.min(100, Math.round(share * 100))}
                aria-valuetext={formatShare(share)}
              >
                <div style={{ width: `${Math.min(1, share) * 100}%` }} data-full={share > 0.9} />
              </div>
            </dd>
          </div>
          <div>
            <dt>Spans arriving</dt>
            <dd>{formatRate(store.spansPerSecond)}</dd>
          </div>
          <div>
            <dt>Spans</dt>
            <dd>{formatCount(store.spans)}</dd>
          </div>
          <div>
            <dt>Metric points</dt>
            <dd>{formatCount(store.points)}</dd>
          </div>
          <div>
            <dt>Log records</dt>
            <dd>{formatCount(store.records)}</dd>
          </div>
          <div>
            <dt>Oldest kept</dt>
            <dd>{store.oldest ? formatTime(store.oldest, { millis: false }) : "–"}</dd>
          </div>
          <div>
            <dt>Kept in</dt>
            <dd className={styles.path}>{store.path === "" ? "memory" : store.path}</dd>
          </div>
        </dl>
      )}
      <div className={styles.columns}>
        <section className={`panel ${styles.section}`} aria-labelledby="signals">
          <h2 id="signals">Signals</h2>
          <div className="scroll-x">
            <table className="pinned">
              <thead>
                <tr>
                  <th scope="col">Service</th>
                  {["Spans", "Metric points", "Log records"].map((name) => (
                    <th key={name} scope="col" colSpan={2}>
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {data.services.map((each) => (
                  <tr key={each.service}>
                    <th scope="row" className={styles.service}>
                      <Link to="/metrics" search={{ board: "golden", service: each.service }} className="tap">
                        <ServiceName name={each.service} />
                      </Link>
                    </th>
                    <SignalCells signal={each.traces} />
                    <SignalCells signal={each.metrics} isSteady />
                    <SignalCells signal={each.logs} />
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {data.services.length === 0 && <Nothing title="No service has sent anything yet" />}
        </section>
        <section className={`panel ${styles.section}`} aria-labelledby="dropped">
          <h2 id="dropped">Dropped data</h2>
          {data.dropped.length === 0 ? (
            <p className={styles.none}>Nothing was dropped.</p>
          ) : (
            <table>
              <thead>
                <tr>
                  <th scope="col">Signal</th>
                  <th scope="col">Reason</th>
                  <th scope="col" className="number">
                    Count
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.dropped.map((each) => (
                  <tr key={`${each.signal} ${each.reason}`}>
                    <td>{each.signal}</td>
                    <td>{each.reason}</td>
                    <td className="number">{formatCount(each.count)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
      </div>
    </div>
  );
}

function SignalCells({
  signal,
  isSteady = false,
}: {
  readonly signal: Signal | undefined;
  readonly isSteady?: boolean;
}) {
  if (!signal?.last) {
    return (
      <>
        <td className="number dimmed">–</td>
        <td className="dimmed">never</td>
      </>
    );
  }
  const last = timestampMs(signal.last);
  const isStale = storeNow() - last > staleAfterMs;
  return (
    <>
      <td className="number">{formatCount(signal.count)}</td>
      <td className={styles.last}>
        <span className={styles.dot} data-state={!isStale ? "fresh" : isSteady ? "missing" : "quiet"} />
        {formatAgo(last, storeNow())}
      </td>
    </>
  );
}
