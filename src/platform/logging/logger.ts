import { type DestinationStream, type Logger, type LoggerOptions, pino } from "pino";

export type { Logger } from "pino";

/** The levels that LOG_LEVEL takes. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Sees each log call before it is written: the service, pino's level number and the call's arguments. */
export type LogObserver = (service: string, level: number, args: readonly unknown[]) => void;

/** pino's number of the level `info`. */
const info = 30;

/**
 * The logger of a process: JSON lines on standard output, or on `destination`. Each service has a child of it that
 * carries the service's name.
 *
 * @param options.observer told everything that is logged at `info` and above, whatever `level` shows
 */
export function createLogger(options: {
  readonly level: LogLevel;
  readonly destination?: DestinationStream;
  readonly observer?: LogObserver;
}): Logger {
  const { level, destination = pino.destination(1), observer } = options;
  const settings: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ severity: label.toUpperCase() }) },
    messageKey: "message",
    errorKey: "error",
  };
  if (observer === undefined) return pino(settings, destination);
  const shown = pino.levels.values[level] ?? Number.POSITIVE_INFINITY;
  // A logger's bindings are kept as text, which is parsed at each look.
  const services = new WeakMap<object, string>();
  return pino(
    {
      ...settings,
      level: shown > info ? "info" : level,
      hooks: {
        logMethod(args, method, number) {
          if (number >= info) {
            let service = services.get(this);
            if (service === undefined) {
              service = String(this.bindings().service ?? "");
              services.set(this, service);
            }
            observer(service, number, args);
          }
          if (number >= shown) method.apply(this, args);
        },
      },
    },
    destination,
  );
}
