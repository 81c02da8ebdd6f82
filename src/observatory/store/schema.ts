/** A column as it is made and as people who query it see it. */
export interface ColumnSchema {
  readonly name: string;
  readonly type: "VARCHAR" | "TIMESTAMP_NS" | "BIGINT" | "UBIGINT" | "UINTEGER" | "UTINYINT" | "BOOLEAN" | "DOUBLE";
}

export interface TableSchema {
  readonly name: string;
  readonly description: string;
  readonly columns: readonly ColumnSchema[];
}

function table(
  name: string,
  description: string,
  columns: Readonly<Record<string, ColumnSchema["type"]>>,
): TableSchema {
  return {
    name,
    description,
    columns: Object.entries(columns).map(([column, type]) => ({ name: column, type })),
  };
}

/** Raised when a table changes: a store on disk has it in its name, and one of another version is left alone. */
export const schemaVersion = 3;

/**
 * Every table of the store; times are UTC, attributes are JSON objects. Rows of a table that has `arrival` are numbered
 * in the order of their arrival, without a gap but for what was dropped: who reads on from a number misses nothing.
 */
export const tables = {
  spans: table(
    "spans",
    "Spans of traces, in the order of their arrival; stands_for is more than 1 where traces were sampled.",
    {
      trace_id: "VARCHAR",
      span_id: "VARCHAR",
      parent_span_id: "VARCHAR",
      service: "VARCHAR",
      name: "VARCHAR",
      kind: "VARCHAR",
      start_time: "TIMESTAMP_NS",
      duration_ns: "BIGINT",
      is_error: "BOOLEAN",
      status_message: "VARCHAR",
      attributes: "VARCHAR",
      resource_id: "UINTEGER",
      links: "VARCHAR",
      events: "VARCHAR",
      session_id: "VARCHAR",
      order_id: "VARCHAR",
      stands_for: "UINTEGER",
      arrival: "UBIGINT",
    },
  ),
  logs: table("logs", "Log records and events.", {
    time: "TIMESTAMP_NS",
    service: "VARCHAR",
    severity_number: "UTINYINT",
    severity: "VARCHAR",
    event_name: "VARCHAR",
    body: "VARCHAR",
    attributes: "VARCHAR",
    trace_id: "VARCHAR",
    span_id: "VARCHAR",
    resource_id: "UINTEGER",
    arrival: "UBIGINT",
  }),
  resources: table("resources", "Who sent spans, records and points: the attributes of their resources.", {
    resource_id: "UINTEGER",
    service: "VARCHAR",
    attributes: "VARCHAR",
  }),
  metric_series: table("metric_series", "A metric of one service with one set of attributes.", {
    series_id: "UINTEGER",
    name: "VARCHAR",
    service: "VARCHAR",
    description: "VARCHAR",
    unit: "VARCHAR",
    type: "VARCHAR",
    attributes: "VARCHAR",
    resource_id: "UINTEGER",
    bounds: "VARCHAR",
  }),
  metric_points: table(
    "metric_points",
    "Values of series; counters, counts and sums add up from the start of the process. A point that repeats the one before it is left out for up to a minute.",
    {
      series_id: "UINTEGER",
      time: "TIMESTAMP_NS",
      value: "DOUBLE",
      count: "UBIGINT",
      buckets: "VARCHAR",
      arrival: "UBIGINT",
    },
  ),
  metric_exemplars: table("metric_exemplars", "Measurements that tell the trace that they were made in.", {
    series_id: "UINTEGER",
    time: "TIMESTAMP_NS",
    value: "DOUBLE",
    trace_id: "VARCHAR",
    span_id: "VARCHAR",
    arrival: "UBIGINT",
  }),
  edge_stats: table(
    "edge_stats",
    "Calls between services, stores and topics, by ten seconds (fewer with OBSERVATORY_TIME_SCALE) and by bucket of their duration; rows of the same key add up.",
    {
      time: "TIMESTAMP_NS",
      source: "VARCHAR",
      target: "VARCHAR",
      bucket: "UTINYINT",
      calls: "UINTEGER",
      errors: "UINTEGER",
      arrival: "UBIGINT",
    },
  ),
  operation_stats: table(
    "operation_stats",
    "Spans by service, name and kind, by ten seconds (fewer with OBSERVATORY_TIME_SCALE) and by bucket of their duration; rows of the same key add up.",
    {
      time: "TIMESTAMP_NS",
      service: "VARCHAR",
      name: "VARCHAR",
      kind: "VARCHAR",
      is_entry: "BOOLEAN",
      bucket: "UTINYINT",
      calls: "UINTEGER",
      errors: "UINTEGER",
    },
  ),
  marks: table(
    "marks",
    "Starts, stops, deployments and changes of configuration, kept longer than the records that told of them; a start has its version and settings.",
    {
      time: "TIMESTAMP_NS",
      kind: "VARCHAR",
      service: "VARCHAR",
      text: "VARCHAR",
      version: "VARCHAR",
      settings: "VARCHAR",
      arrival: "UBIGINT",
    },
  ),
  alerts: table("alerts", "Alerts that were raised.", {
    name: "VARCHAR",
    service: "VARCHAR",
    severity: "VARCHAR",
    objective: "VARCHAR",
    summary: "VARCHAR",
    since: "TIMESTAMP_NS",
    until: "TIMESTAMP_NS",
  }),
} as const satisfies Record<string, TableSchema>;

export type TableName = keyof typeof tables;

/** Makes what is missing. */
export function createStatements(): string[] {
  return Object.values(tables).map(({ name, columns }: TableSchema) => {
    const list = columns.map((column) => `${column.name} ${column.type}`).join(", ");
    return `create table if not exists ${name} (${list})`;
  });
}
