import { type Attributes, context, SeverityNumber } from "@opentelemetry/api";
import type { Telemetry } from "./telemetry.ts";

const severities: Readonly<Record<number, readonly [SeverityNumber, string]>> = {
  10: [SeverityNumber.TRACE, "TRACE"],
  20: [SeverityNumber.DEBUG, "DEBUG"],
  30: [SeverityNumber.INFO, "INFO"],
  40: [SeverityNumber.WARN, "WARN"],
  50: [SeverityNumber.ERROR, "ERROR"],
  60: [SeverityNumber.FATAL, "FATAL"],
};

/** Below this, records of traces that are not sampled are left out: pino's number of a warning. */
const alwaysKept = 40;

/**
 * Emits what a pino logger is told as an OpenTelemetry log record, in the active trace, with which it is sampled unless it
 * is a warning or worse. The field `event` names the
 * record; an error becomes `exception.type` and `exception.message`.
 *
 * @param level pino's number
 */
export function emitLog({ logger, isUnsampled }: Telemetry, level: number, args: readonly unknown[]): void {
  const within = context.active();
  if (level < alwaysKept && isUnsampled(within)) return;
  const [first, second] = args;
  const fields = typeof first === "object" && first !== null ? first : undefined;
  const body = typeof first === "string" ? first : typeof second === "string" ? second : "";
  const [severityNumber, severityText] = severities[level] ?? [SeverityNumber.INFO, "INFO"];
  const attributes: Attributes = {};
  let eventName: string | undefined;
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (name === "event") eventName = String(value);
    else if (value instanceof Error) {
      attributes["exception.type"] = value.name;
      attributes["exception.message"] = value.message.slice(0, 1_024);
    } else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      attributes[name] = value;
    } else if (Array.isArray(value)) attributes[name] = value.map(String);
  }
  logger.emit({
    severityNumber,
    severityText,
    body,
    attributes,
    context: within,
    ...(eventName === undefined ? {} : { eventName }),
  });
}
