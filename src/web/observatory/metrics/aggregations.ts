import { Aggregation, MetricType } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";

const labels: Readonly<Record<Aggregation, string>> = {
  [Aggregation.UNSPECIFIED]: "",
  [Aggregation.RATE]: "rate",
  [Aggregation.SUM]: "sum",
  [Aggregation.AVERAGE]: "average",
  [Aggregation.LAST]: "last",
  [Aggregation.P50]: "p50",
  [Aggregation.P95]: "p95",
  [Aggregation.P99]: "p99",
};

const byType: Readonly<Record<MetricType, readonly Aggregation[]>> = {
  [MetricType.UNSPECIFIED]: [Aggregation.LAST],
  [MetricType.COUNTER]: [Aggregation.RATE, Aggregation.SUM],
  [MetricType.UP_DOWN_COUNTER]: [Aggregation.LAST, Aggregation.AVERAGE],
  [MetricType.GAUGE]: [Aggregation.LAST, Aggregation.AVERAGE],
  [MetricType.HISTOGRAM]: [
    Aggregation.P95,
    Aggregation.P50,
    Aggregation.P99,
    Aggregation.AVERAGE,
    Aggregation.RATE,
    Aggregation.SUM,
  ],
};

/** What makes sense of a metric of this type, the usual first. */
export function aggregationsOf(type: MetricType): readonly Aggregation[] {
  return byType[type] ?? [Aggregation.LAST];
}

/** What an aggregation is called, in legends and addresses. */
export function aggregationLabel(aggregation: Aggregation): string {
  return labels[aggregation] ?? "";
}

/** The aggregation of an address, if it makes sense of the type; else the usual. */
export function aggregationNamed(name: string | undefined, type: MetricType): Aggregation {
  const all = aggregationsOf(type);
  return all.find((aggregation) => aggregationLabel(aggregation) === name) ?? all[0] ?? Aggregation.LAST;
}
