import type { DeclaredMetric } from "../prometheus-names.ts";

type Instrument = DeclaredMetric["instrument"];

function declare<const Attributes extends readonly string[] = []>(
  name: string,
  instrument: Instrument,
  unit: string,
  attributes?: Attributes,
) {
  return { name, instrument, unit, attributes: (attributes ?? []) as Attributes };
}

/** The Collector's connectors: what spans tell, and who calls whom. */
export const spanMetric = {
  calls: declare("traces.span.metrics.calls", "counter", "", ["span.name", "span.kind", "status.code"]),
  duration: declare("traces.span.metrics.duration", "histogram", "ms", ["span.name", "span.kind", "status.code"]),
  serviceCalls: declare("traces_service_graph_request_total", "counter", "", ["client", "server", "connection_type"]),
  serviceFailures: declare("traces_service_graph_request_failed_total", "counter", "", [
    "client",
    "server",
    "connection_type",
  ]),
  serviceDuration: declare("traces_service_graph_request_server", "histogram", "s", [
    "client",
    "server",
    "connection_type",
  ]),
} as const;

/** Envoy's own, as its OTLP sink names them. */
export const envoyMetric = {
  requests: declare("envoy.http.downstream_rq_total", "counter", "", ["envoy.http_conn_manager_prefix"]),
  answers: declare("envoy.http.downstream_rq_xx", "counter", "", [
    "envoy.http_conn_manager_prefix",
    "envoy.response_code_class",
  ]),
  duration: declare("envoy.http.downstream_rq_time", "histogram", "", ["envoy.http_conn_manager_prefix"]),
  active: declare("envoy.http.downstream_rq_active", "gauge", "", ["envoy.http_conn_manager_prefix"]),
  connections: declare("envoy.http.downstream_cx_active", "gauge", "", ["envoy.http_conn_manager_prefix"]),
  limited: declare("envoy.http_local_rate_limit.rate_limited", "counter", "", []),
  upstreamRequests: declare("envoy.cluster.upstream_rq_total", "counter", "", ["envoy.cluster_name"]),
  upstreamAnswers: declare("envoy.cluster.upstream_rq_xx", "counter", "", [
    "envoy.cluster_name",
    "envoy.response_code_class",
  ]),
  upstreamDuration: declare("envoy.cluster.upstream_rq_time", "histogram", "", ["envoy.cluster_name"]),
  upstreamActive: declare("envoy.cluster.upstream_rq_active", "gauge", "", ["envoy.cluster_name"]),
  retries: declare("envoy.cluster.upstream_rq_retry", "counter", "", ["envoy.cluster_name"]),
  timeouts: declare("envoy.cluster.upstream_rq_timeout", "counter", "", ["envoy.cluster_name"]),
  overflows: declare("envoy.cluster.upstream_rq_pending_overflow", "counter", "", ["envoy.cluster_name"]),
  connectFailures: declare("envoy.cluster.upstream_cx_connect_fail", "counter", "", ["envoy.cluster_name"]),
  healthy: declare("envoy.cluster.membership_healthy", "gauge", "", ["envoy.cluster_name"]),
  members: declare("envoy.cluster.membership_total", "gauge", "", ["envoy.cluster_name"]),
  ejected: declare("envoy.cluster.outlier_detection.ejections_active", "gauge", "", ["envoy.cluster_name"]),
  memory: declare("envoy.server.memory_allocated", "gauge", "", []),
  uptime: declare("envoy.server.uptime", "gauge", "", []),
} as const;

/** Of the Collector's receiver `postgresql`. */
export const postgresqlMetric = {
  connections: declare("postgresql.backends", "updowncounter", "1", []),
  connectionLimit: declare("postgresql.connection.max", "gauge", "{connections}", []),
  commits: declare("postgresql.commits", "counter", "1", []),
  rollbacks: declare("postgresql.rollbacks", "counter", "1", []),
  blocks: declare("postgresql.blocks_read", "counter", "1", ["source"]),
  operations: declare("postgresql.operations", "counter", "1", ["operation"]),
  rows: declare("postgresql.rows", "updowncounter", "1", ["state"]),
  databaseSize: declare("postgresql.db_size", "updowncounter", "By", []),
  tableSize: declare("postgresql.table.size", "updowncounter", "By", []),
  checkpoints: declare("postgresql.bgwriter.checkpoint.count", "counter", "{checkpoints}", ["type"]),
  bufferWrites: declare("postgresql.bgwriter.buffers.writes", "counter", "{buffers}", ["source"]),
  vacuums: declare("postgresql.table.vacuum.count", "counter", "{vacuum}", []),
} as const;

/** Of the Collector's receiver `kafkametrics`. */
export const kafkaMetric = {
  brokers: declare("kafka.brokers", "updowncounter", "{brokers}", []),
  partitions: declare("kafka.topic.partitions", "updowncounter", "{partitions}", ["topic"]),
  offset: declare("kafka.partition.current_offset", "gauge", "1", ["topic", "partition"]),
  oldest: declare("kafka.partition.oldest_offset", "gauge", "1", ["topic", "partition"]),
  replicas: declare("kafka.partition.replicas", "updowncounter", "{replicas}", ["topic", "partition"]),
  inSync: declare("kafka.partition.replicas_in_sync", "updowncounter", "{replicas}", ["topic", "partition"]),
  lag: declare("kafka.consumer_group.lag", "gauge", "1", ["group", "topic", "partition"]),
  handled: declare("kafka.consumer_group.offset", "gauge", "1", ["group", "topic", "partition"]),
  members: declare("kafka.consumer_group.members", "updowncounter", "{members}", ["group"]),
} as const;

/** Of the Collector's receiver `redis`, which asks Valkey. */
export const valkeyMetric = {
  clients: declare("redis.clients.connected", "updowncounter", "{client}", []),
  blocked: declare("redis.clients.blocked", "updowncounter", "{client}", []),
  commands: declare("redis.commands.processed", "counter", "{command}", []),
  hits: declare("redis.keyspace.hits", "counter", "{hit}", []),
  misses: declare("redis.keyspace.misses", "counter", "{miss}", []),
  memory: declare("redis.memory.used", "gauge", "By", []),
  resident: declare("redis.memory.rss", "gauge", "By", []),
  peak: declare("redis.memory.peak", "gauge", "By", []),
  keys: declare("redis.db.keys", "gauge", "{key}", ["db"]),
  evicted: declare("redis.keys.evicted", "counter", "{key}", []),
  expired: declare("redis.keys.expired", "counter", "{event}", []),
  received: declare("redis.net.input", "counter", "By", []),
  sent: declare("redis.net.output", "counter", "By", []),
  cpu: declare("redis.cpu.time", "counter", "s", ["state"]),
  connectionsTaken: declare("redis.connections.received", "counter", "{connection}", []),
  connectionsRefused: declare("redis.connections.rejected", "counter", "{connection}", []),
  uptime: declare("redis.uptime", "counter", "s", []),
} as const;

/** One metric for each signal. */
function declareEach<const Attributes extends readonly string[]>(name: string, attributes: Attributes) {
  return {
    spans: declare(`${name}_spans`, "counter", "{spans}", attributes),
    metric_points: declare(`${name}_metric_points`, "counter", "{datapoints}", attributes),
    log_records: declare(`${name}_log_records`, "counter", "{records}", attributes),
  };
}

/** Of the Collector itself. */
export const collectorMetric = {
  accepted: declareEach("otelcol_receiver_accepted", ["receiver", "transport"]),
  refused: declareEach("otelcol_receiver_refused", ["receiver", "transport"]),
  sent: declareEach("otelcol_exporter_sent", ["exporter"]),
  failed: declareEach("otelcol_exporter_send_failed", ["exporter"]),
  queued: declare("otelcol_exporter_queue_size", "gauge", "{batches}", ["exporter", "data_type"]),
  queueCapacity: declare("otelcol_exporter_queue_capacity", "gauge", "{batches}", ["exporter", "data_type"]),
  incoming: declare("otelcol_processor_incoming_items", "counter", "{items}", ["processor", "otel_signal"]),
  outgoing: declare("otelcol_processor_outgoing_items", "counter", "{items}", ["processor", "otel_signal"]),
  scraped: declare("otelcol_scraper_scraped_metric_points", "counter", "{datapoints}", ["receiver", "scraper"]),
  scrapeErrors: declare("otelcol_scraper_errored_metric_points", "counter", "{datapoints}", ["receiver", "scraper"]),
  cpu: declare("otelcol_process_cpu_seconds", "counter", "s", []),
  memory: declare("otelcol_process_memory_rss", "gauge", "By", []),
  heap: declare("otelcol_process_runtime_heap_alloc_bytes", "gauge", "By", []),
  uptime: declare("otelcol_process_uptime", "counter", "s", []),
} as const;

/** Of the Collector's receiver `httpcheck`: whether what it asks answers. */
export const checkMetric = {
  status: declare("httpcheck.status", "updowncounter", "1", [
    "http.url",
    "http.status_code",
    "http.method",
    "http.status_class",
  ]),
  duration: declare("httpcheck.duration", "gauge", "ms", ["http.url"]),
  notServing: declare("httpcheck.validation.failed", "updowncounter", "{validation}", ["http.url", "validation.type"]),
} as const;

/** Of the Collector's receiver `hostmetrics`: the machine, or the container that the Collector runs in. */
export const hostMetric = {
  cpu: declare("system.cpu.utilization", "gauge", "1", ["cpu", "state"]),
  load: declare("system.cpu.load_average.1m", "gauge", "{thread}", []),
  memory: declare("system.memory.usage", "updowncounter", "By", ["state"]),
  memoryShare: declare("system.memory.utilization", "gauge", "1", ["state"]),
  disk: declare("system.disk.io", "counter", "By", ["device", "direction"]),
  network: declare("system.network.io", "counter", "By", ["device", "direction"]),
  filesystem: declare("system.filesystem.utilization", "gauge", "1", ["device", "mode", "mountpoint", "type"]),
} as const;
