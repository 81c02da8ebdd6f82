import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

/** The levels that LOG_LEVEL takes. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * The logger of a process: JSON lines on standard output, or on `destination`. Each service has a child of it that
 * carries the service's name.
 */
export function createLogger(options: { readonly level: LogLevel; readonly destination?: DestinationStream }): Logger {
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ severity: label.toUpperCase() }) },
    messageKey: "message",
    errorKey: "error",
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
