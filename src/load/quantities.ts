const millisecondsIn = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const secondsIn = { s: 1, m: 60, h: 3_600 } as const;

/** `250ms`, `90s`, `1.5m`, `2h`, `1d` in milliseconds; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  const [, amount = "", unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  return unit === undefined ? undefined : Number(amount) * millisecondsIn[unit as keyof typeof millisecondsIn];
}

/** `100`, `100/s`, `90/m`, `5000/h` in events a second; undefined for anything else. */
export function ratePerSecond(text: string): number | undefined {
  const [, amount, unit = "s"] = /^(\d+(?:\.\d+)?)\s*(?:\/\s*(s|m|h))?$/.exec(text.trim()) ?? [];
  return amount === undefined ? undefined : Number(amount) / secondsIn[unit as keyof typeof secondsIn];
}

/** A range of time in milliseconds. */
export interface DurationRange {
  readonly lowMs: number;
  readonly highMs: number;
}

/** `1s..10s`, or one duration for always the same; `0` for none. Undefined for anything else. */
export function durationRange(text: string): DurationRange | undefined {
  const parts = text.split("..").map((part) => (part.trim() === "0" ? 0 : durationMs(part)));
  const [low, high = low] = parts;
  if (low === undefined || high === undefined || parts.length > 2 || low > high) return undefined;
  return { lowMs: low, highMs: high };
}

/** `1.2 ms`, `340 ms`, `2.1 s`, `3 min 20 s`. */
export function shownDuration(ms: number): string {
  if (ms < 100) return `${Number(ms.toFixed(ms < 10 ? 2 : 1))} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(ms < 10_000 ? 2 : 1))} s`;
  const seconds = Math.round(ms / 1_000);
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes < 60) return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
