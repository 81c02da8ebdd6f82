import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type Metric, MetricType } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { observatory } from "../api.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { WithSidebar } from "../layout/sidebar.tsx";
import { useLiveQuery } from "../live/live-query.ts";
import { Nothing, Problem } from "../live/problem.tsx";
import { aggregationLabel, aggregationNamed, aggregationsOf } from "./aggregations.ts";
import { type BoardChart, business, goldenSignals, runtime } from "./boards.ts";
import { MetricPanel } from "./metric-panel.tsx";
import styles from "./metrics-page.module.css";

const boards = [
  { name: "golden", title: "Golden signals", charts: goldenSignals },
  { name: "business", title: "Business", charts: business },
  { name: "runtime", title: "Processes", charts: runtime },
] as const;

const types: Readonly<Record<MetricType, string>> = {
  [MetricType.UNSPECIFIED]: "",
  [MetricType.COUNTER]: "counter",
  [MetricType.UP_DOWN_COUNTER]: "up-down counter",
  [MetricType.GAUGE]: "gauge",
  [MetricType.HISTOGRAM]: "histogram",
};

/** Boards, and every metric that was seen. */
export function MetricsPage() {
  const search = useSearch({ from: "/metrics" });
  const navigate = useNavigate({ from: "/metrics" });
  const { data, error, refetch } = useLiveQuery({
    key: ["metrics", ""],
    ask: (call) => observatory.listMetrics({}, call),
    everyMs: 10_000,
  });
  const board =
    search.metric === undefined ? (boards.find(({ name }) => name === search.board) ?? boards[0]) : undefined;
  usePageTitle(board?.title ?? search.metric ?? "Metrics");
  if (error && !data) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!data) return <Nothing title="Asking the store" />;
  const { metrics } = data;
  const services = [...new Set(metrics.flatMap((metric) => metric.services))].sort();
  const metric = metrics.find(({ name }) => name === search.metric);

  return (
    <WithSidebar label="Boards and metrics" sidebar={<MetricList metrics={metrics} />}>
      {board && (
        <Board
          title={board.title}
          charts={board.charts}
          metrics={metrics}
          services={board.name === "golden" ? services : []}
          service={board.name === "golden" ? (search.service ?? defaultService(services)) : undefined}
          onService={(service) => void navigate({ search: (before) => ({ ...before, service }), replace: true })}
        />
      )}
      {metric && <Detail key={metric.name} metric={metric} />}
      {search.metric !== undefined && !metric && (
        <Nothing title={`No metric is called ${search.metric}`}>
          It has not arrived yet, or it has left the store.
        </Nothing>
      )}
    </WithSidebar>
  );
}

function defaultService(services: readonly string[]): string | undefined {
  return services.includes("checkout") ? "checkout" : services[0];
}

function MetricList({ metrics }: { readonly metrics: readonly Metric[] }) {
  const search = useSearch({ from: "/metrics" });
  const navigate = useNavigate({ from: "/metrics" });
  const find = search.find ?? "";
  const wanted = find.toLowerCase();
  const shown = metrics
    .filter(({ name, description }) => `${name} ${description}`.toLowerCase().includes(wanted))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return (
    <nav className={styles.list} aria-label="Boards and metrics">
      <h2>Boards</h2>
      <ul>
        {boards.map(({ name, title }) => (
          <li key={name}>
            <Link
              to="/metrics"
              search={{ board: name }}
              className={styles.entry}
              aria-current={search.metric === undefined && (search.board ?? "golden") === name ? "page" : undefined}
              activeProps={{}}
            >
              {title}
            </Link>
          </li>
        ))}
      </ul>
      <h2>Metrics</h2>
      <input
        type="search"
        aria-label="Find metrics"
        placeholder="Find metrics"
        value={find}
        onChange={({ currentTarget }) =>
          void navigate({ search: (before) => ({ ...before, find: currentTarget.value || undefined }), replace: true })
        }
      />
      <ul>
        {shown.map(({ name, description }) => (
          <li key={name}>
            <Link
              to="/metrics"
              search={{ metric: name, find: search.find }}
              className={styles.entry}
              title={description}
              aria-current={search.metric === name ? "page" : undefined}
              activeProps={{}}
            >
              {name}
            </Link>
          </li>
        ))}
      </ul>
      {metrics.length === 0 && <p className="dimmed">No metric has arrived yet.</p>}
    </nav>
  );
}

function Board(props: {
  readonly title: string;
  readonly charts: readonly BoardChart[];
  readonly metrics: readonly Metric[];
  readonly services: readonly string[];
  readonly service: string | undefined;
  readonly onService: (service: string) => void;
}) {
  const { title, charts, metrics, services, service } = props;
  const known = charts.flatMap((chart) => {
    const metric = metrics.find(
      ({ name, services: from }) => name === chart.metric && (service === undefined || from.includes(service)),
    );
    return metric ? [{ chart, metric }] : [];
  });
  return (
    <>
      <div className="page-head">
        <h1>{title}</h1>
        {service !== undefined && (
          <select
            aria-label="Service"
            value={service}
            onChange={({ currentTarget }) => props.onService(currentTarget.value)}
          >
            {services.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
        {service !== undefined && (
          <>
            <Link to="/traces" search={{ service }} className="tap">
              Traces
            </Link>
            <Link to="/logs" search={{ service }} className="tap">
              Logs
            </Link>
            <Link to="/" search={{ node: service }} className="tap">
              On the map
            </Link>
          </>
        )}
      </div>
      {known.length === 0 && <Nothing title="None of this board's metrics has arrived yet" />}
      <div className={styles.grid}>
        {known.map(({ chart, metric }) => (
          <MetricPanel
            key={`${chart.title} ${service}`}
            title={chart.title}
            metric={metric}
            aggregations={chart.aggregations}
            groupBy={chart.groupBy}
            service={service}
          />
        ))}
      </div>
    </>
  );
}

function Detail({ metric }: { readonly metric: Metric }) {
  const search = useSearch({ from: "/metrics" });
  const navigate = useNavigate({ from: "/metrics" });
  const set = (change: { show?: string | undefined; group?: string | undefined; service?: string | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const aggregation = aggregationNamed(search.show, metric.type);
  const service = metric.services.find((name) => name === search.service);
  return (
    <>
      <div className="page-head">
        <h1>
          <bdi>{metric.name}</bdi>
        </h1>
        <p className="dimmed">
          {metric.description}
          {metric.description && " · "}
          {types[metric.type]}, unit <code>{metric.unit || "1"}</code>
        </p>
      </div>
      <div className="filters">
        <label>
          Show
          <select
            value={aggregationLabel(aggregation)}
            onChange={({ currentTarget }) => set({ show: currentTarget.value })}
          >
            {aggregationsOf(metric.type).map((each) => (
              <option key={each}>{aggregationLabel(each)}</option>
            ))}
          </select>
        </label>
        <label>
          Service
          <select
            value={service ?? ""}
            onChange={({ currentTarget }) => set({ service: currentTarget.value || undefined })}
          >
            <option value="">all</option>
            {metric.services.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Split by
          <select
            value={search.group ?? ""}
            onChange={({ currentTarget }) => set({ group: currentTarget.value || undefined })}
          >
            <option value="">nothing</option>
            {["service.name", ...metric.attributeKeys].map((key) => (
              <option key={key}>{key}</option>
            ))}
          </select>
        </label>
      </div>
      <MetricPanel
        title={aggregationLabel(aggregation)}
        metric={metric}
        aggregations={[aggregation]}
        groupBy={search.group}
        service={service}
        height={360}
        withExemplarList
      />
    </>
  );
}
