import { createLogger, type Logger, type LogLevel } from "../logging/logger.ts";
import { emitLog } from "./logs.ts";
import type { ServiceIdentity, Telemetry, TelemetryHost } from "./telemetry.ts";

/** The logger of a process whose services' records also go to telemetry, each under its service's resource. */
export function createServiceLogger(
  level: LogLevel,
  services: readonly ServiceIdentity[],
  host: TelemetryHost,
): Logger {
  if (!host.isOn) return createLogger({ level });
  const known = new Map<string, Telemetry>();
  return createLogger({
    level,
    observer(name, number, args) {
      let telemetry = known.get(name);
      if (telemetry === undefined) {
        const service = services.find((candidate) => candidate.name === name);
        if (service === undefined) return;
        telemetry = host.forService(service);
        known.set(name, telemetry);
      }
      emitLog(telemetry, number, args);
    },
  });
}
