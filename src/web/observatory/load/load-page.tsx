import { Chart } from "../charts/chart.tsx";
import { useMarks } from "../charts/use-marks.ts";
import { useZoom } from "../charts/use-zoom.ts";
import { formatCount, formatDuration, formatRate, formatShare } from "../format.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { useLiveQuery, useTimeRange } from "../live/live-query.ts";
import { Nothing } from "../live/problem.tsx";
import { Refusal } from "../live/refusal.tsx";
import { LoadError, type LoadStats, type LoadStatus, loadGenerator } from "./load-api.ts";
import { LoadControls } from "./load-controls.tsx";
import styles from "./load-page.module.css";
import { Failures, Requests } from "./load-tables.tsx";

/** The customers who never tire: how many there are, how they fare, and what of it can be changed. */
export function LoadPage() {
  usePageTitle("Load");
  const status = useLiveQuery({
    key: ["load-status"],
    ask: ({ signal }) => loadGenerator.status(signal),
    everyMs: 1000,
  });
  const stats = useLiveQuery({ key: ["load-stats"], ask: ({ signal }) => loadGenerator.stats(signal), everyMs: 2000 });
  const refresh = () => void Promise.all([status.refetch(), stats.refetch()]);
  return (
    <div className="page">
      <div className="page-head">
        <h1>Load</h1>
        {status.data && !status.error && (
          <p className={styles.state} data-state={status.data.state} role="status">
            {stateWords[status.data.state]}
          </p>
        )}
        <p className="dimmed">
          {status.data && (
            <>
              Customers of <a href={status.data.target}>{status.data.target}</a>.{" "}
            </>
          )}
          <a href="/loadgen/">The load generator's own page</a> works without the Observatory.
        </p>
      </div>
      {status.error ? (
        <Away error={status.error} />
      ) : !status.data ? (
        <Nothing title="Asking the load generator" />
      ) : (
        <>
          <LoadControls status={status.data} onDone={refresh} />
          <p className={`dimmed ${styles.model}`}>{modelWords(status.data)}</p>
          {stats.data && <Figures status={status.data} stats={stats.data} />}
        </>
      )}
    </div>
  );
}

const stateWords: Readonly<Record<LoadStatus["state"], string>> = {
  idle: "○ idle",
  waiting: "▲ waiting for the shop to answer",
  running: "● running",
  stopping: "■ stopping: what is under way is finished",
};

/** Which of the two models it is, and what that means for its figures. */
function modelWords({ settings: { users, ratePerSecond } }: LoadStatus): string {
  const closed =
    "Users wait for each answer before they go on (the closed model): when the shop gets slow, they ask less.";
  const open =
    "Arrivals come by a schedule, whatever became of earlier ones (the open model): waiting for a place is part of their times.";
  if (users > 0 && ratePerSecond > 0) return `${closed} ${open}`;
  if (ratePerSecond > 0) return open;
  return users > 0 ? closed : "No users and no arrivals: it asks for nothing.";
}

function Away({ error }: { readonly error: Error }) {
  if (!(error instanceof LoadError) || !error.isAway) return <Refusal>{error.message}</Refusal>;
  return (
    <Nothing title="There is no load generator">
      {error.message} It is asked again every second. <code>npm start</code> brings one along unless it is told{" "}
      <code>--no-load</code>; in containers it has a profile.
    </Nothing>
  );
}

function Figures({ status, stats }: { readonly status: LoadStatus; readonly stats: LoadStats }) {
  const { total, arrivals } = stats;
  return (
    <>
      <dl className={`panel ${styles.figures}`}>
        <Figure name="Users" of={status.settings.users + status.settings.browserUsers}>
          {formatCount(status.users + status.browserUsers)}
        </Figure>
        <Figure name="In flight">{formatCount(status.inFlight)}</Figure>
        <Figure name="Requests">{formatCount(total.count)}</Figure>
        <Figure name="Throughput">{formatRate(total.perSecond)}</Figure>
        <Figure name="Failed" isBad={total.failed > 0}>
          {formatShare(total.count === 0 ? 0 : total.failed / total.count)}
        </Figure>
        <Figure name="p50">{formatDuration(total.times.p50)}</Figure>
        <Figure name="p95">{formatDuration(total.times.p95)}</Figure>
        <Figure name="p99">{formatDuration(total.times.p99)}</Figure>
        {arrivals && <Figure name="Given up">{formatCount(arrivals.dropped)}</Figure>}
        <Figure name="Figures of the last">{formatDuration(Math.round(stats.seconds) * 1000)}</Figure>
      </dl>
      <Course stats={stats} />
      <Requests stats={stats} />
      <Failures failures={stats.failures} />
    </>
  );
}

function Figure(props: {
  readonly name: string;
  readonly of?: number;
  readonly isBad?: boolean;
  readonly children: React.ReactNode;
}) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd className={props.isBad ? "bad" : undefined}>
        {props.isBad && "✕ "}
        {props.children}
        {props.of !== undefined && <small> of {formatCount(props.of)}</small>}
      </dd>
    </div>
  );
}

/** Throughput and times since the figures began, as far as they lie in the time that is shown. */
function Course({ stats }: { readonly stats: LoadStats }) {
  const { bounds } = useTimeRange();
  const zoom = useZoom();
  const marks = useMarks();
  const begunMs = Date.parse(stats.begunAt);
  const { startMs, endMs } = bounds();
  const samples = stats.samples
    .map((sample) => ({ ...sample, timeMs: begunMs + sample.at * 1000 }))
    .filter(({ timeMs }) => timeMs >= startMs && timeMs <= endMs);
  const points = (value: (sample: (typeof samples)[number]) => number) =>
    samples.map((sample) => [sample.timeMs, value(sample)] as const);
  const shared = {
    bounds: { startMs: Math.max(startMs, Math.min(begunMs, endMs - 60_000)), endMs },
    marks,
    onZoom: zoom,
    height: 190,
  };
  return (
    <div className={styles.charts}>
      <section className={`panel ${styles.chart}`} aria-labelledby="throughput">
        <h2 id="throughput">Throughput</h2>
        <Chart
          {...shared}
          title="Throughput"
          format={formatRate}
          series={[
            { label: "requests", color: "var(--chart-1)", points: points(({ perSecond }) => perSecond) },
            { label: "failed", color: "var(--danger)", points: points(({ failedPerSecond }) => failedPerSecond) },
          ]}
        />
      </section>
      <section className={`panel ${styles.chart}`} aria-labelledby="times">
        <h2 id="times">Latency</h2>
        <Chart
          {...shared}
          title="Latency"
          format={formatDuration}
          series={[
            { label: "p50", color: "var(--chart-1)", points: points(({ p50 }) => p50) },
            { label: "p99", color: "var(--chart-2)", points: points(({ p99 }) => p99) },
          ]}
        />
      </section>
      <section className={`panel ${styles.chart}`} aria-labelledby="users">
        <h2 id="users">Users</h2>
        <Chart
          {...shared}
          title="Users"
          format={(value) => formatCount(Math.round(value))}
          series={[{ label: "users", color: "var(--chart-3)", points: points(({ users }) => users) }]}
        />
      </section>
    </div>
  );
}
