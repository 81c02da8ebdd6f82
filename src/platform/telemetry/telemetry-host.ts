import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type Context, context, type Meter, propagation, type Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InstrumentType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ViewOptions,
} from "@opentelemetry/sdk-metrics";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { metric } from "../../../gen/telemetry/registry.ts";
import { ConfigError, choice, type Environment, flag, integer, text } from "../config/environment.ts";
import { AwaitingExporter } from "./awaiting-exporter.ts";
import { defaultSettings } from "./default-settings.ts";
import { Histograms } from "./histograms.ts";
import { RateLimitedSampler } from "./rate-limited-sampler.ts";
import { logSink, metricSink, spanSink, type TelemetrySink } from "./sink.ts";
import { noTelemetry, type ServiceIdentity, type Telemetry, type TelemetryHost, theProcess } from "./telemetry.ts";
import { isUnsampled } from "./unsampled-span.ts";

const scope = "orrery";
const namespace = "opentelemetry-demo";

/** The SDK's metrics of itself, with the registry's words. */
const views: ViewOptions[] = Object.values(metric)
  .filter(({ name }) => name.startsWith("otel.sdk."))
  .map(({ name, description }) => ({ instrumentName: name, description }));

export interface TelemetryOptions {
  readonly environment: Environment;
  /** Version of the services. */
  readonly version: string;
  /** Who takes telemetry within this process, beside any endpoint that the environment names. */
  readonly sinks?: readonly TelemetrySink[];
}

interface Exporters {
  readonly spans: readonly SpanExporter[];
  readonly metrics: readonly (() => PushMetricExporter)[];
  readonly logs: readonly LogRecordExporter[];
}

/**
 * Starts telemetry: one tracer, meter and logger provider a service, each with a resource of its own, over shared
 * batches and connections. Configured by the standard OTEL_* variables; without a sink and an endpoint it is off.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<TelemetryHost> {
  const { environment, version, sinks = [] } = options;
  if (flag(environment, "OTEL_SDK_DISABLED", false)) return noTelemetry;
  const exporters = await makeExporters(environment, sinks);
  if (exporters.spans.length + exporters.metrics.length + exporters.logs.length === 0) return noTelemetry;

  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );

  const embedded = sinks.length > 0;
  const sampling = samplingOf(environment, { isEmbedded: embedded });
  const exportIntervalMillis = integer(environment, "OTEL_METRIC_EXPORT_INTERVAL", {
    fallback: Number(defaultSettings({ isEmbedded: embedded }).OTEL_METRIC_EXPORT_INTERVAL),
    min: 100,
    max: 3_600_000,
  });
  const meters: MeterProvider[] = [];
  const instance = randomUUID();
  const resourceOf = (service: ServiceIdentity) =>
    resourceFromAttributes(resourceAttributes(service, { environment, version, instance }));
  const startMetrics = (resource: Resource) => {
    const histograms = new Histograms({ name: scope, version });
    const readers = exporters.metrics.map((make) => {
      const exporter = make();
      const temporality = exporter.selectAggregationTemporality?.(InstrumentType.HISTOGRAM);
      return new PeriodicExportingMetricReader({
        exporter,
        exportIntervalMillis,
        exportTimeoutMillis: Math.min(exportIntervalMillis, 10_000),
        metricProducers: [histograms.producer(temporality ?? AggregationTemporality.CUMULATIVE)],
      });
    });
    const provider = new MeterProvider({ resource, readers, views });
    meters.push(provider);
    return { provider, histograms };
  };
  // What was handed on, and what was lost on its way, belongs to the process.
  const processMetrics = startMetrics(resourceOf(theProcess));
  const batch = (queueVariable: string) => ({
    scheduledDelayMillis: embedded ? 500 : 2_000,
    // What waits while a backend is away is memory: some 2 kB for each span or record.
    maxQueueSize: integer(environment, queueVariable, { fallback: 16_384, min: 1_024, max: 1_000_000 }),
    maxExportBatchSize: 1_024,
    selfObsMeterProvider: processMetrics.provider,
  });
  const spanBatch = batch("OTEL_BSP_MAX_QUEUE_SIZE");
  const logBatch = batch("OTEL_BLRP_MAX_QUEUE_SIZE");
  const spanProcessors = exporters.spans.map((exporter) => new BatchSpanProcessor({ exporter, ...spanBatch }));
  const logProcessors = exporters.logs.map((exporter) => new BatchLogRecordProcessor({ exporter, ...logBatch }));

  const made = new Map<string, Telemetry>();
  return {
    isOn: true,
    forService(service) {
      const known = made.get(service.name);
      if (known !== undefined) return known;
      const resource = resourceOf(service);
      const tracers = new TracerProvider({ resource, sampler: sampling.sampler, spanProcessors: [...spanProcessors] });
      const loggers = new LoggerProvider({ resource, processors: [...logProcessors] });
      const { provider, histograms } = service.name === theProcess.name ? processMetrics : startMetrics(resource);
      const telemetry: Telemetry = {
        tracer: sampling.tracer(tracers.getTracer(scope, version)),
        meter: withHistograms(provider.getMeter(scope, version), histograms),
        logger: loggers.getLogger(scope, version),
        isUnsampled: sampling.isUnsampled,
      };
      made.set(service.name, telemetry);
      return telemetry;
    },
    async flush() {
      await settle([...spanProcessors, ...logProcessors, ...meters].map((part) => part.forceFlush()));
    },
    async stop() {
      for (const exporter of [...exporters.spans, ...exporters.logs]) {
        if (exporter instanceof AwaitingExporter) exporter.stopWaiting();
      }
      await settle(meters.map((meter) => meter.shutdown()));
      await settle([...spanProcessors, ...logProcessors].map((part) => part.shutdown()));
    },
  };
}

/** The SDK's meter, but for its histograms. */
function withHistograms(meter: Meter, histograms: Histograms): Meter {
  return new Proxy(meter, {
    get: (target, name) =>
      name === "createHistogram"
        ? histograms.create.bind(histograms)
        : (target[name as keyof Meter] as () => unknown).bind(target),
  });
}

/** A backend that is away costs dropped data, never a failure. */
async function settle(work: readonly Promise<unknown>[]): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, 3_000).unref());
  await Promise.race([Promise.allSettled(work), patience]);
}

function resourceAttributes(
  service: ServiceIdentity,
  process_: { readonly environment: Environment; readonly version: string; readonly instance: string },
) {
  return {
    "service.namespace": namespace,
    "service.version": process_.version,
    "host.name": hostname(),
    "process.pid": process.pid,
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.language": "nodejs",
    ...(service.criticality === undefined ? {} : { "service.criticality": service.criticality }),
    ...givenResourceAttributes(process_.environment),
    // Several services share a process and its environment: their names and instances are their own.
    "service.name": service.name,
    "service.instance.id": `${process_.instance}/${service.name}`,
  };
}

function givenResourceAttributes(environment: Environment): Record<string, string> {
  const given = text(environment, "OTEL_RESOURCE_ATTRIBUTES");
  if (given === undefined) return {};
  return Object.fromEntries(
    given.split(",").map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) {
        throw new ConfigError(`OTEL_RESOURCE_ATTRIBUTES=${given} is not valid: it takes key=value,key=value.`);
      }
      const value = pair.slice(at + 1).trim();
      try {
        return [pair.slice(0, at).trim(), decodeURIComponent(value)];
      } catch (cause) {
        throw new ConfigError(`OTEL_RESOURCE_ATTRIBUTES=${given} is not valid: ${value} is not percent-encoded.`, {
          cause,
        });
      }
    }),
  );
}

/** Traces of one operation that the embedded mode keeps in a second, unless told otherwise. */
const defaultTracesPerSecond = 30;

interface Sampling {
  readonly sampler: Sampler;
  isUnsampled(within: Context): boolean;
  /** A provider's tracer, as services get it. */
  tracer(of: Tracer): Tracer;
}

function samplingOf(environment: Environment, { isEmbedded }: { readonly isEmbedded: boolean }): Sampling {
  const name = choice(environment, "OTEL_TRACES_SAMPLER", {
    fallback: defaultSettings({ isEmbedded }).OTEL_TRACES_SAMPLER,
    of: [
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
      "parentbased_rate_limited",
    ],
  });
  const root = rootSampler(environment, name);
  const isParentBased = name.startsWith("parentbased_");
  if (!isParentBased && name !== "always_off") {
    return { sampler: root, isUnsampled: () => false, tracer: (of) => of };
  }
  return {
    sampler: isParentBased ? new ParentBasedSampler({ root }) : root,
    isUnsampled,
    tracer: (of) => (root instanceof RateLimitedSampler ? root.leaving(of) : of),
  };
}

function rootSampler(environment: Environment, name: string): Sampler {
  const given = text(environment, "OTEL_TRACES_SAMPLER_ARG");
  if (name.endsWith("rate_limited")) {
    const perSecond = Number(given ?? defaultTracesPerSecond);
    if (perSecond > 0 && Number.isFinite(perSecond)) return new RateLimitedSampler({ perSecond });
    throw new ConfigError(
      `OTEL_TRACES_SAMPLER_ARG=${given} is not valid: for ${name} it takes how many traces of one operation are kept in a second, more than 0.`,
    );
  }
  const ratio = Number(given ?? "1");
  if (!(ratio >= 0 && ratio <= 1)) {
    throw new ConfigError(`OTEL_TRACES_SAMPLER_ARG=${given} is not valid: it takes a number from 0 to 1.`);
  }
  if (name.endsWith("always_on")) return new AlwaysOnSampler();
  return name.endsWith("always_off") ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
}

async function makeExporters(environment: Environment, sinks: readonly TelemetrySink[]): Promise<Exporters> {
  const endpoint = (signal: string) =>
    text(environment, `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) ?? text(environment, "OTEL_EXPORTER_OTLP_ENDPOINT");
  const isWanted = (signal: string) => {
    const exporter = choice(environment, `OTEL_${signal}_EXPORTER`, { fallback: "otlp", of: ["otlp", "none"] });
    return exporter === "otlp" && endpoint(signal) !== undefined;
  };
  // Only what is used is loaded: the exporters bring gRPC along.
  const spans: SpanExporter[] = sinks.map(spanSink);
  const metrics: (() => PushMetricExporter)[] = sinks.map((sink) => () => metricSink(sink));
  const logs: LogRecordExporter[] = sinks.map(logSink);
  if (isWanted("TRACES")) {
    if (isGrpc(environment, "TRACES")) {
      const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-grpc");
      spans.push(new AwaitingExporter(new OTLPTraceExporter(), timeoutMs(environment, "TRACES")));
    } else {
      const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto");
      spans.push(new OTLPTraceExporter());
    }
  }
  if (isWanted("METRICS")) {
    const { overGrpc, overHttp } = await import("./metrics-exporter.ts");
    metrics.push(isGrpc(environment, "METRICS") ? overGrpc : overHttp);
  }
  if (isWanted("LOGS")) {
    if (isGrpc(environment, "LOGS")) {
      const { OTLPLogExporter } = await import("@opentelemetry/exporter-logs-otlp-grpc");
      logs.push(new AwaitingExporter(new OTLPLogExporter(), timeoutMs(environment, "LOGS")));
    } else {
      const { OTLPLogExporter } = await import("@opentelemetry/exporter-logs-otlp-proto");
      logs.push(new OTLPLogExporter());
    }
  }
  return { spans, metrics, logs };
}

/** How long an export may take, as the exporter itself reads it. */
function timeoutMs(environment: Environment, signal: string): number {
  const [specific, general] = [`OTEL_EXPORTER_OTLP_${signal}_TIMEOUT`, "OTEL_EXPORTER_OTLP_TIMEOUT"];
  const given = text(environment, specific) === undefined ? general : specific;
  return integer(environment, given, { fallback: 10_000, min: 1, max: 3_600_000 });
}

function isGrpc(environment: Environment, signal: string): boolean {
  const protocols = ["grpc", "http/protobuf"] as const;
  const general = choice(environment, "OTEL_EXPORTER_OTLP_PROTOCOL", { fallback: "grpc", of: protocols });
  return choice(environment, `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`, { fallback: general, of: protocols }) === "grpc";
}
