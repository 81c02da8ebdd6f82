import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  AlertSchema,
  GetMapResponseSchema,
  GetSchemaResponseSchema,
  GetStatusResponseSchema,
  GetTraceResponseSchema,
  ListAlertsResponseSchema,
  ListMarksRequest,
  ListMarksResponseSchema,
  ListMetricsResponseSchema,
  ListObjectivesResponseSchema,
  ListServicesResponseSchema,
  LogRecordSchema,
  MeasureObjectivesResponseSchema,
  QueryMetricResponseSchema,
  RunQueryResponseSchema,
  SearchLogsResponseSchema,
  SearchTracesResponseSchema,
  StoreStatusSchema,
  TraceSummarySchema,
} from "../../../gen/orrery/observatory/v1/observatory_pb.ts";
import type { Signal } from "../../platform/telemetry/sink.ts";
import { boundsOf } from "./questions/asking.ts";
import { freshRecord, type LogSearch, searchLogs } from "./questions/logs.ts";
import { getMap, type MapQuestion } from "./questions/map.ts";
import { listMarks } from "./questions/marks.ts";
import { listMetrics, type MetricQuery, queryMetric } from "./questions/metrics.ts";
import { getSchema } from "./questions/schema.ts";
import { getStatus, storeStatus } from "./questions/status.ts";
import { getTrace, listServices, searchTraces, summarise, type TraceSearch } from "./questions/traces.ts";
import type { ExportFormat } from "./sql-session.ts";
import type { Taken as StoredTaken, TelemetryStore } from "./telemetry-store.ts";

/** Where a watcher has got to. */
export interface Cursor {
  readonly records: number;
  readonly traces: number;
  readonly alerts: number;
}

/** What came in since a cursor, and how things stand. */
export interface Tick {
  readonly cursor: Cursor;
  readonly map: MessageInitShape<typeof GetMapResponseSchema>;
  readonly logs: readonly MessageInitShape<typeof LogRecordSchema>[];
  readonly alerts: readonly MessageInitShape<typeof AlertSchema>[];
  readonly store: MessageInitShape<typeof StoreStatusSchema>;
  readonly traces: readonly MessageInitShape<typeof TraceSummarySchema>[];
}

const maxRecordsOfTick = 200;
const maxTracesOfTick = 20;
const maxAlertsOfTick = 100;
const defaultAlerts = 200;
const defaultMeasureSeconds = 300;

/** Every question that the store answers; what goes in and comes out can be handed from thread to thread. */
export function storeQueries(store: TelemetryStore) {
  const { ask, intake, options } = store;
  const map = (request: MapQuestion) =>
    getMap(request, {
      ...store.trafficSource(),
      shape: options.shape,
      seen: Object.values(intake.seen).flatMap((signal) => [...signal.keys()]),
    });
  return {
    getMap: map,
    searchTraces: (search: TraceSearch): Promise<MessageInitShape<typeof SearchTracesResponseSchema>> =>
      searchTraces(search, { ask, nowMs: options.now() }),
    getTrace: (traceId: string): Promise<MessageInitShape<typeof GetTraceResponseSchema>> => getTrace(traceId, ask),
    listServices: (): Promise<MessageInitShape<typeof ListServicesResponseSchema>> => listServices(ask),
    searchLogs: (search: LogSearch): Promise<MessageInitShape<typeof SearchLogsResponseSchema>> =>
      searchLogs(search, { ask, nowMs: options.now() }),
    listMetrics: (service: string): Promise<MessageInitShape<typeof ListMetricsResponseSchema>> =>
      listMetrics(service, ask),
    queryMetric: (query: MetricQuery): Promise<MessageInitShape<typeof QueryMetricResponseSchema> | undefined> =>
      queryMetric(query, { ask, nowMs: options.now() }),
    runQuery: (sql: string, maxRows: number): Promise<MessageInitShape<typeof RunQueryResponseSchema>> =>
      store.sql.run(sql, maxRows),
    /** The path of a file with the rows, which the asker removes. */
    exportQuery: (sql: string, format: ExportFormat): Promise<string> => store.sql.export(sql, format),
    getSchema: (): Promise<MessageInitShape<typeof GetSchemaResponseSchema>> => getSchema(ask),
    measureObjectives: (
      range: Parameters<typeof boundsOf>[0],
    ): Promise<MessageInitShape<typeof MeasureObjectivesResponseSchema>> => {
      const { start, end } = boundsOf(range, { nowMs: options.now(), windowSeconds: defaultMeasureSeconds });
      return store.objectives.measure(start, end);
    },
    listObjectives: (): Promise<MessageInitShape<typeof ListObjectivesResponseSchema>> => store.objectives.list(),
    listAlerts: async (limit: number): Promise<MessageInitShape<typeof ListAlertsResponseSchema>> => ({
      alerts: store.alerts.list(limit || defaultAlerts),
    }),
    listMarks: (range: ListMarksRequest["range"]): Promise<MessageInitShape<typeof ListMarksResponseSchema>> =>
      listMarks(range, { ask, nowMs: options.now() }),
    getStatus: (): Promise<MessageInitShape<typeof GetStatusResponseSchema>> => getStatus(store),
    take: async (signal: Signal, request: Uint8Array): Promise<StoredTaken> => store.take(signal, request),
    /** Makes what has come in so far visible to questions. */
    settle: (): Promise<void> => store.settle(),
    /** Without a cursor: how things stand, and nothing that was there before. */
    async tick(cursor: Cursor | undefined): Promise<Tick> {
      const here: Cursor = {
        records: intake.freshRecords.last,
        traces: intake.freshTraces.last,
        alerts: store.alerts.fresh.last,
      };
      const since = cursor ?? here;
      const records = intake.freshRecords.after(since.records, maxRecordsOfTick);
      const traceIds = intake.freshTraces.after(since.traces, maxTracesOfTick);
      return {
        cursor: here,
        map: await map({ windowSeconds: 60 }),
        logs: records.map(freshRecord),
        alerts: store.alerts.fresh.after(since.alerts, maxAlertsOfTick),
        store: await storeStatus(store),
        traces: await summarise(ask, traceIds),
      };
    },
  };
}

export type StoreQueries = ReturnType<typeof storeQueries>;
