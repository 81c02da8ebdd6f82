import { timestampFromMs } from "@bufbuild/protobuf/wkt";

/**
 * What part of time the pages show: a window that ends now, everything that is kept, or two fixed moments
 * (milliseconds since 1970).
 */
export type TimeRange =
  | { readonly kind: "last"; readonly seconds: number }
  | { readonly kind: "all" }
  | { readonly kind: "fixed"; readonly startMs: number; readonly endMs: number };

export const presets = [
  { text: "5m", label: "Last 5 min" },
  { text: "15m", label: "Last 15 min" },
  { text: "1h", label: "Last hour" },
  { text: "all", label: "All" },
] as const;

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Reads `15m`, `all` or `<start ms>-<end ms>`; anything else is the last 15 minutes. */
export function parseTimeRange(text: string | undefined): TimeRange {
  if (text === "all") return { kind: "all" };
  const last = /^(\d{1,4})([smhd])$/.exec(text ?? "");
  if (last) {
    const seconds = Number(last[1]) * (unitSeconds[last[2] ?? "s"] ?? 1);
    if (seconds > 0) return { kind: "last", seconds };
  }
  const fixed = /^(\d{12,14})-(\d{12,14})$/.exec(text ?? "");
  if (fixed && Number(fixed[1]) < Number(fixed[2])) {
    return { kind: "fixed", startMs: Number(fixed[1]), endMs: Number(fixed[2]) };
  }
  return { kind: "last", seconds: 900 };
}

/** A range of two moments as `parseTimeRange` reads it. */
export function fixedRange(startMs: number, endMs: number): string {
  return `${Math.floor(startMs)}-${Math.ceil(endMs)}`;
}

/** The range as moments, given the store's present and the time of the oldest that it keeps, if known. */
export function bounds(
  range: TimeRange,
  now: number,
  oldestMs: number | undefined,
): { readonly startMs: number; readonly endMs: number } {
  switch (range.kind) {
    case "fixed":
      return range;
    case "all":
      return { startMs: Math.min(oldestMs ?? now - 86_400_000, now - 60_000), endMs: now };
    case "last": {
      // A shop that has just been started fills its charts at once.
      const kept = oldestMs === undefined ? Number.NEGATIVE_INFINITY : Math.min(oldestMs - 5000, now - 60_000);
      return { startMs: Math.max(now - range.seconds * 1000, kept), endMs: now };
    }
  }
}

/** The range for a request. A window that ends now has no end, so that nothing is cut off by clocks that differ. */
export function requestRange(range: TimeRange, now: number, oldestMs: number | undefined) {
  const { startMs, endMs } = bounds(range, now, oldestMs);
  const start = timestampFromMs(Math.floor(startMs));
  return range.kind === "fixed" ? { start, end: timestampFromMs(Math.ceil(endMs)) } : { start };
}
