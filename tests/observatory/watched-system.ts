import { type Context, context, ROOT_CONTEXT, type Span, type SpanOptions, trace } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { type Observatory, type ObservatoryOptions, startObservatory } from "../../src/observatory/embedded.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { client } from "../../src/platform/rpc/client.ts";
import { LocalServices, localTransport } from "../../src/platform/rpc/local-services.ts";
import { spanSink, type TelemetrySink } from "../../src/platform/telemetry/sink.ts";

const log = createLogger({ level: "fatal" });

/** An Observatory with a client; nothing else runs. */
export async function watchedSystem(options: Partial<ObservatoryOptions> = {}) {
  const observatory = await startObservatory({ environment: {}, log, declarations: [], ...options });
  const services = new LocalServices();
  for (const route of observatory.routes) services.add(route, { log });
  for (const worker of observatory.workers) worker.start();
  return {
    observatory,
    client: client(ObservatoryService, localTransport(services), { timeoutMs: 12_000 }),
    settle: () => observatory.settle(),
    stop: () => stop(observatory),
  };
}

async function stop(observatory: Observatory): Promise<void> {
  for (const worker of observatory.workers) await worker.stop();
  await observatory.stop();
}

/** A service that is not ours: it emits through OpenTelemetry's SDK. */
export class EmittingService {
  readonly #tracers: TracerProvider;
  readonly name: string;

  constructor(name: string, sink: TelemetrySink) {
    this.name = name;
    this.#tracers = new TracerProvider({
      resource: resourceFromAttributes({ "service.name": name, "service.version": "1" }),
      sampler: new AlwaysOnSampler(),
      spanProcessors: [
        new BatchSpanProcessor({ exporter: spanSink(sink), maxExportBatchSize: 1_000, maxQueueSize: 50_000 }),
      ],
    });
  }

  /** Starts a span under another service's. */
  span(name: string, options: SpanOptions & { readonly under?: Span } = {}): Span {
    const { under, ...rest } = options;
    const parent: Context = under === undefined ? ROOT_CONTEXT : trace.setSpan(context.active(), under);
    return this.#tracers.getTracer("test").startSpan(name, rest, parent);
  }

  flush(): Promise<void> {
    return this.#tracers.forceFlush();
  }
}
