import type { LogRecord } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";

/** Severities to choose from, with the least number that they include. */
export const severities = [
  { name: "trace", label: "all", from: 0 },
  { name: "debug", label: "debug and above", from: 5 },
  { name: "info", label: "info and above", from: 9 },
  { name: "warn", label: "warnings and errors", from: 13 },
  { name: "error", label: "errors", from: 17 },
] as const;

export function severityNumber(name: string | undefined): number {
  return severities.find((each) => each.name === name)?.from ?? 0;
}

/** Whether a record of the stream is one that the store's search would find too. */
export function fitsFilter(
  record: LogRecord,
  filter: {
    readonly service?: string | undefined;
    readonly text?: string | undefined;
    readonly event?: string | undefined;
    readonly severity?: string | undefined;
    readonly trace?: string | undefined;
  },
): boolean {
  if (filter.service !== undefined && record.service !== filter.service) return false;
  if (filter.event !== undefined && record.eventName !== filter.event) return false;
  if (filter.trace !== undefined && record.traceId !== filter.trace.toLowerCase()) return false;
  if (record.severityNumber < severityNumber(filter.severity)) return false;
  if (filter.text === undefined) return true;
  const all = `${record.body} ${record.eventName} ${JSON.stringify(record.attributes ?? {})}`.toLowerCase();
  return filter.text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
