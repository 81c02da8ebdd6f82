import type { Logger as OtelLogger } from "@opentelemetry/api";
import { createLogger, type Logger, type LogLevel } from "../logging/logger.ts";
import { emitLog } from "./logs.ts";
import type { ServiceIdentity, TelemetryHost } from "./telemetry.ts";

/** The logger of a process whose services' records also go to telemetry, each under its service's resource. */
export function createServiceLogger(
  level: LogLevel,
  services: readonly ServiceIdentity[],
  host: TelemetryHost,
): Logger {
  if (!host.isOn) return createLogger({ level });
  const loggers = new Map<string, OtelLogger>();
  return createLogger({
    level,
    observer(name, number, args) {
      const service = services.find((candidate) => candidate.name === name);
      if (service === undefined) return;
      let logger = loggers.get(name);
      if (logger === undefined) {
        logger = host.forService(service).logger;
        loggers.set(name, logger);
      }
      emitLog(logger, number, args);
    },
  });
}
