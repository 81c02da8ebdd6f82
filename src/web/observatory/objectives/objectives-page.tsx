import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Link } from "@tanstack/react-router";
import { type Alert, AlertState, type Objective } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { observatory } from "../api.ts";
import { Chart } from "../charts/chart.tsx";
import { useMarks } from "../charts/use-marks.ts";
import { formatAgo, formatCount, formatDuration, formatShare, formatTime, formatWindow } from "../format.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { useAddressed } from "../layout/use-addressed.ts";
import { useLiveQuery } from "../live/live-query.ts";
import { Nothing, Problem } from "../live/problem.tsx";
import { storeNow, useWatched } from "../live/watch.ts";
import { ServiceName } from "../service-name.tsx";
import styles from "./objectives-page.module.css";

/** Objectives and what is left of their budgets; alerts that are or were raised. */
export function ObjectivesPage() {
  usePageTitle("SLOs and alerts");
  const changes = useWatched(({ alertChanges }) => alertChanges);
  const objectives = useLiveQuery({
    key: ["objectives"],
    ask: (call) => observatory.listObjectives({}, call),
    everyMs: 5000,
  });
  const alerts = useLiveQuery({
    key: ["alerts", changes],
    ask: (call) => observatory.listAlerts({}, call),
    everyMs: 5000,
  });
  return (
    <div className="page">
      <div className="page-head">
        <h1>SLOs and alerts</h1>
      </div>
      <section aria-labelledby="alerts" className={styles.section}>
        <h2 id="alerts">Alerts</h2>
        {alerts.error && <Problem error={alerts.error} onRetry={() => void alerts.refetch()} />}
        {alerts.data && <Alerts alerts={alerts.data.alerts} />}
      </section>
      <section aria-labelledby="objectives" className={styles.section}>
        <h2 id="objectives">Objectives</h2>
        {objectives.error && <Problem error={objectives.error} onRetry={() => void objectives.refetch()} />}
        {objectives.data?.objectives.length === 0 && <Nothing title="No objective is defined" />}
        <div className={styles.grid}>
          {objectives.data?.objectives.map((objective) => (
            <ObjectiveCard key={objective.name} objective={objective} />
          ))}
        </div>
      </section>
    </div>
  );
}

const order: readonly AlertState[] = [
  AlertState.FIRING,
  AlertState.PENDING,
  AlertState.CLEARED,
  AlertState.UNSPECIFIED,
];

function Alerts({ alerts }: { readonly alerts: readonly Alert[] }) {
  if (alerts.length === 0) return <p className="dimmed">No alert was raised.</p>;
  const sorted = alerts.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return (
    <div className="panel scroll-x">
      <table className={styles.alerts}>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Alert</th>
            <th scope="col">Service</th>
            <th scope="col">Severity</th>
            <th scope="col">What it means</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((alert) => (
            <AlertRow key={`${alert.name} ${alert.service} ${alert.since?.seconds}`} alert={alert} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AlertRow({ alert }: { readonly alert: Alert }) {
  return (
    <tr {...useAddressed(alert.name)}>
      <td>
        <State state={alert.state} />
      </td>
      <th scope="row">{alert.name}</th>
      <td className={styles.by}>
        <Link to="/metrics" search={{ board: "golden", service: alert.service }} className={`tap ${styles.service}`}>
          <ServiceName name={alert.service} />
        </Link>
      </td>
      <td className={styles.severity}>{alert.severity}</td>
      <td className={styles.what}>{alert.summary}</td>
      <td className={styles.since}>
        {alert.until && alert.since
          ? `${formatTime(alert.since, { millis: false })}, for ${formatDuration(timestampMs(alert.until) - timestampMs(alert.since))}`
          : alert.since && formatAgo(timestampMs(alert.since), storeNow())}
      </td>
    </tr>
  );
}

function State({ state }: { readonly state: AlertState }) {
  switch (state) {
    case AlertState.FIRING:
      return (
        <span className={styles.state} data-state="firing">
          ✕ firing
        </span>
      );
    case AlertState.PENDING:
      return (
        <span className={styles.state} data-state="pending">
          ▲ pending
        </span>
      );
    default:
      return (
        <span className={styles.state} data-state="cleared">
          ✓ cleared
        </span>
      );
  }
}

function ObjectiveCard({ objective }: { readonly objective: Objective }) {
  const { target, attained, budgetLeft, events } = objective;
  const isKept = attained >= target;
  const points = objective.history.map(({ time, value }) => [time ? timestampMs(time) : 0, value * 100] as const);
  const marks = useMarks(objective.service);
  const lowest = Math.min(target * 100, ...points.map(([, value]) => value));
  const floor = Math.max(0, 100 - (100 - lowest) * 1.3 - 0.02);
  return (
    <article {...useAddressed(objective.name)} className={`panel ${styles.card}`} data-kept={isKept}>
      <div className={styles.cardHead}>
        <div>
          <h3>{objective.name}</h3>
          <p className="dimmed">{objective.description}</p>
        </div>
        <Link to="/" search={{ node: objective.service }} className={`tap ${styles.service}`}>
          <ServiceName name={objective.service} />
        </Link>
      </div>
      <dl className={styles.numbers}>
        <div>
          <dt>attained</dt>
          <dd className={isKept ? "good" : "bad"}>
            {isKept ? "✓" : "✕"} {formatShare(attained)}
          </dd>
        </div>
        <div>
          <dt>objective, over {formatWindow(objective.windowSeconds)}</dt>
          <dd>{formatShare(target)}</dd>
        </div>
        <div>
          <dt>events</dt>
          <dd>{formatCount(events)}</dd>
        </div>
      </dl>
      <div className={styles.budget}>
        <p>
          <span>Error budget left</span>
          <strong className={budgetLeft <= 0 ? "bad" : undefined}>{Math.round(budgetLeft * 100)} %</strong>
        </p>
        <div className={styles.meter}>
          <div
            style={{ width: `${Math.min(1, Math.abs(budgetLeft)) * 100}%` }}
            data-state={budgetLeft <= 0 ? "spent" : budgetLeft < 0.25 ? "low" : "fine"}
          />
        </div>
      </div>
      <table className={styles.burn}>
        <tbody>
          <tr>
            <th scope="row">Burn rate</th>
            {objective.burnRates.map(({ windowSeconds, rate }) => (
              <td key={windowSeconds} className={rate > 1 ? "bad" : undefined}>
                <span className="dimmed">{formatWindow(windowSeconds)}</span> {rate > 1 && "✕ "}
                {rate.toFixed(rate < 10 ? 2 : 1)}×
              </td>
            ))}
          </tr>
        </tbody>
      </table>
      {points.length > 1 && (
        <Chart
          title="attained"
          height={110}
          series={[
            { label: "attained", color: "var(--chart-1)", points },
            {
              label: "objective",
              color: "var(--chart-2)",
              points: [
                [points[0]?.[0] ?? 0, target * 100],
                [points.at(-1)?.[0] ?? 0, target * 100],
              ],
            },
          ]}
          marks={marks}
          bounds={{ startMs: points[0]?.[0] ?? 0, endMs: points.at(-1)?.[0] ?? 0 }}
          floor={floor}
          format={(value) => formatShare(value / 100)}
        />
      )}
    </article>
  );
}
