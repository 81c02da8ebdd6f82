import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Link, useNavigate } from "@tanstack/react-router";
import { Aggregation, type Metric, type Series } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { observatory } from "../api.ts";
import { Chart, type ChartExemplar, type ChartSeries } from "../charts/chart.tsx";
import { useMarks } from "../charts/use-marks.ts";
import { useZoom } from "../charts/use-zoom.ts";
import { formatInUnit, formatTime } from "../format.ts";
import { useLiveQuery, useTimeRange } from "../live/live-query.ts";
import { Problem } from "../live/problem.tsx";
import { serviceColor } from "../service-color.ts";
import { aggregationLabel } from "./aggregations.ts";
import styles from "./metric-panel.module.css";

/** Narrower steps than telemetry is exported in would show gaps. */
const narrowestStepSeconds = 10;

/** How late the last points of a step may come. */
const exportDelayMs = 5000;

/** One chart of a metric: some aggregations of it, split by an attribute or not. */
export function MetricPanel(props: {
  readonly title: string;
  readonly metric: Metric;
  readonly aggregations: readonly Aggregation[];
  readonly groupBy?: string | undefined;
  readonly service?: string | undefined;
  readonly height?: number;
  /** Lists the exemplars as links too. */
  readonly withExemplarList?: boolean;
}) {
  const { title, metric, aggregations, groupBy, service = "" } = props;
  const navigate = useNavigate();
  const zoom = useZoom();
  const { text, isMoving, forRequest, bounds } = useTimeRange();
  const marks = useMarks(service);
  const { startMs, endMs } = bounds();
  const stepSeconds = Math.min(86_400, Math.max(narrowestStepSeconds, Math.ceil((endMs - startMs) / 100_000)));
  const { data, error, refetch, isPlaceholderData } = useLiveQuery({
    key: ["metric", metric.name, aggregations, groupBy, service, text],
    ask: (call) =>
      Promise.all(
        aggregations.map((aggregation) =>
          observatory.queryMetric(
            {
              name: metric.name,
              range: forRequest(),
              stepSeconds,
              service,
              groupBy: groupBy === undefined ? [] : [groupBy],
              aggregation,
            },
            call,
          ),
        ),
      ),
    everyMs: isMoving ? 5000 : undefined,
  });

  const found = (data ?? []).flatMap(({ series }, index) =>
    series.map((each) => ({ series: each, aggregation: aggregations[index] ?? Aggregation.UNSPECIFIED })),
  );
  const series: ChartSeries[] = found.map(({ series: each, aggregation }, index) => ({
    label: seriesLabel(each, aggregations.length > 1 || groupBy === undefined ? aggregationLabel(aggregation) : ""),
    color: seriesColor(each, groupBy, index),
    points: each.points
      .map(({ time, value }) => [time ? timestampMs(time) : 0, value] as const)
      .filter(([timeMs]) => !addsUp(aggregation) || timeMs + stepSeconds * 1000 <= endMs - exportDelayMs),
  }));
  // Every aggregation brings the same ones.
  const exemplars: ChartExemplar[] = found
    .filter(({ aggregation }) => aggregation === aggregations[0] && aggregation !== Aggregation.RATE)
    .flatMap(({ series: each }) =>
      each.exemplars.map(({ time, value, traceId, spanId }) => ({
        timeMs: time ? timestampMs(time) : 0,
        value,
        traceId,
        spanId,
      })),
    );
  const isRate = aggregations.every((aggregation) => aggregation === Aggregation.RATE);
  // The rate of a duration's histogram counts calls, not seconds.
  const unit = isRate && metric.unit === "s" ? "1" : metric.unit;
  const format = (value: number) => formatInUnit(value, unit, isRate);
  const openExemplar = ({ traceId, spanId }: ChartExemplar) =>
    void navigate({ to: "/traces/$traceId", params: { traceId }, search: { span: spanId } });
  const slowest = exemplars.toSorted((a, b) => b.value - a.value).slice(0, 8);

  return (
    <section className={`panel ${styles.panel}`} aria-busy={isPlaceholderData}>
      <h2 className={styles.title}>
        <Link
          className="tap"
          to="/metrics"
          search={{
            metric: metric.name,
            service: service || undefined,
            group: groupBy,
            show: aggregations.length === 1 ? aggregationLabel(aggregations[0] ?? Aggregation.UNSPECIFIED) : undefined,
          }}
        >
          {title}
        </Link>
        <span className={`dimmed ellipsis ${styles.metric}`}>{metric.name}</span>
      </h2>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && series.every(({ points }) => points.length === 0) ? (
        <p className={styles.nothing} style={{ minHeight: props.height ?? 190 }}>
          Nothing in this time.
        </p>
      ) : (
        <Chart
          title={title}
          series={series}
          exemplars={exemplars}
          marks={marks}
          bounds={{ startMs, endMs }}
          format={format}
          height={props.height ?? 190}
          onExemplar={openExemplar}
          onZoom={zoom}
        />
      )}
      {data?.some(({ isTruncated }) => isTruncated) && (
        <p className="dimmed">There are more series than are shown. Choose a service, or another attribute.</p>
      )}
      {props.withExemplarList && slowest.length > 0 && (
        <div className={styles.exemplars}>
          <h3>Exemplars, highest first</h3>
          <ul>
            {slowest.map((each) => (
              <li key={`${each.traceId} ${each.spanId} ${each.timeMs}`}>
                <Link
                  to="/traces/$traceId"
                  params={{ traceId: each.traceId }}
                  search={{ span: each.spanId }}
                  className="tap"
                >
                  {format(each.value)}
                </Link>{" "}
                <span className="dimmed">{formatTime(each.timeMs)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

/** Whether a step that is not over yet shows too little. */
function addsUp(aggregation: Aggregation): boolean {
  return aggregation === Aggregation.RATE || aggregation === Aggregation.SUM;
}

function seriesLabel(series: Series, aggregation: string): string {
  const values = Object.values(series.labels).map((value) => value || "(none)");
  return [...values, aggregation].filter(Boolean).join(" ");
}

function seriesColor(series: Series, groupBy: string | undefined, index: number): string {
  if (groupBy === "service.name") return serviceColor(series.labels["service.name"] ?? "");
  return `var(--chart-${(index % 8) + 1})`;
}
