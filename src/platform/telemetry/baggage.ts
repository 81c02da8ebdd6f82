import { parseKeyPairsIntoRecord } from "@opentelemetry/core";

/** An entry of the baggage in propagated metadata, also where no telemetry is recorded. */
export function baggageEntry(
  propagated: readonly (readonly [name: string, value: string])[],
  key: string,
): string | undefined {
  const [, header] = propagated.find(([name]) => name === "baggage") ?? [];
  return header === undefined ? undefined : parseKeyPairsIntoRecord(header)[key];
}
