import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { ConfigError, type Environment } from "../platform/config/environment.ts";
import type { Worker } from "../platform/lifecycle/service.ts";
import type { Logger } from "../platform/logging/logger.ts";
import type { HttpHandler } from "../platform/rpc/rpc-handler.ts";
import { type Route, route } from "../platform/rpc/service-routes.ts";
import type { TelemetrySink } from "../platform/telemetry/sink.ts";
import { observatoryHandlers } from "./handlers.ts";
import { observatoryHttp } from "./http.ts";
import { otlpRoutes } from "./intake-grpc.ts";
import { otlpHttpHandler } from "./intake-http.ts";
import { observatorySettings } from "./settings.ts";
import { schemaVersion } from "./store/schema.ts";
import { StoreClient } from "./store/store-client.ts";
import type { DeclaredService } from "./system-shape.ts";
import { Watchers } from "./watch.ts";

export interface ObservatoryOptions {
  /** Where the store is kept unless OBSERVATORY_DATA_DIR says otherwise; undefined for memory. */
  readonly dataDir?: string;
  readonly environment: Environment;
  readonly log: Logger;
  /** Every service of the system: what is declared and silent is shown, too. */
  readonly declarations: readonly DeclaredService[];
}

/** A running Observatory, to be put behind ports. */
export interface Observatory {
  /** Takes the telemetry of this process. */
  readonly sink: TelemetrySink;
  /** `orrery.observatory.v1`. */
  readonly routes: readonly Route[];
  /** Downloads, Jaeger's API, and OTLP under `/v1/`. */
  readonly http: HttpHandler;
  /** OTLP over HTTP: `/v1/traces`, `/v1/metrics`, `/v1/logs`. */
  readonly otlpHttp: HttpHandler;
  /** OTLP over gRPC: the collector's services. */
  readonly otlpRoutes: readonly Route[];
  readonly workers: readonly Worker[];
  /** Waits until what was accepted so far can be asked for. */
  settle(): Promise<void>;
  /** Ends the streams, stores what has come in, and stops. */
  stop(): Promise<void>;
}

export async function startObservatory(options: ObservatoryOptions): Promise<Observatory> {
  const { environment, log, declarations } = options;
  const settings = observatorySettings(environment);
  const store = await StoreClient.start(
    {
      path: await storePath(settings.dataDir ?? options.dataDir),
      memoryMb: settings.memoryMb,
      maxSpans: settings.maxSpans,
      queryTimeoutMs: settings.queryTimeoutMs,
      timeScale: settings.timeScale,
      declarations: declarations.map(({ name, criticality, calls, schema, publishes, consumes }) => ({
        name,
        criticality,
        calls,
        ...(schema === undefined ? {} : { schema }),
        ...(publishes === undefined ? {} : { publishes }),
        ...(consumes === undefined ? {} : { consumes }),
      })),
    },
    {
      onLost: (error) => log.error({ error }, "The telemetry store has failed; the shop goes on without it"),
      tell: (line) => log.warn(line),
    },
  );
  if (store.notice !== undefined) log.warn(store.notice);
  const watchers = new Watchers(store, log);
  const otlpHttp = otlpHttpHandler(store);
  return {
    sink: store,
    routes: [route(ObservatoryService, observatoryHandlers(store, watchers))],
    http: observatoryHttp({ store, otlp: otlpHttp, log }),
    otlpHttp,
    otlpRoutes: otlpRoutes(store),
    workers: [{ start() {}, stop: async () => watchers.stop() }],
    settle: () => store.ask("settle"),
    async stop() {
      watchers.stop();
      await store.stop();
    },
  };
}

async function storePath(folder: string | undefined): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new ConfigError(`The Observatory's folder ${folder} cannot be made: ${cause.message}`, { cause });
  });
  return join(folder, `observatory-${schemaVersion}.duckdb`);
}
