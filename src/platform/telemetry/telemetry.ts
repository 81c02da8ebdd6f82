import { type Context, type Logger, logs, type Meter, metrics, type Tracer, trace } from "@opentelemetry/api";

/** The signals of one service: OpenTelemetry's own API, with the service's resource behind it. */
export interface Telemetry {
  readonly tracer: Tracer;
  readonly meter: Meter;
  readonly logger: Logger;
  /** Whether spans that begin in this context come to nothing, for their trace is not sampled: then none is needed. */
  isUnsampled(within: Context): boolean;
}

/** What distinguishes a service in its telemetry. */
export interface ServiceIdentity {
  readonly name: string;
  readonly criticality?: string;
}

/** Several services may share a process; what belongs to none of them has a name of its own. */
export const theProcess: ServiceIdentity = { name: "orrery" };

/** Makes telemetry for the services of a process, and sends what they emit. */
export interface TelemetryHost {
  /** Whether anything is recorded at all. */
  readonly isOn: boolean;
  forService(service: ServiceIdentity): Telemetry;
  /** Sends what has been recorded so far. */
  flush(): Promise<void>;
  /** Sends the rest and stops. */
  stop(): Promise<void>;
}

const scope = "orrery";

/** Records nothing, at next to no cost. */
export const noTelemetry: TelemetryHost = {
  isOn: false,
  forService: () => silent,
  flush: async () => {},
  stop: async () => {},
};

/** The telemetry of code that runs without a host, such as in tests. */
export const silent: Telemetry = {
  tracer: trace.getTracer(scope),
  meter: metrics.getMeter(scope),
  logger: logs.getLogger(scope),
  isUnsampled: () => true,
};
