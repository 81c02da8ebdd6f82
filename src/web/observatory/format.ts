import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

const significant = (value: number, digits: number): string =>
  new Intl.NumberFormat("en", { maximumSignificantDigits: digits, useGrouping: true }).format(value);

/** A duration given in milliseconds, with the unit that reads best: `840 ns`, `12.3 ms`, `4.02 s`, `3 min 20 s`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  const size = Math.abs(ms);
  if (size === 0) return "0 ms";
  if (size < 0.000_999_5) return `${significant(ms * 1e6, 3)} ns`;
  if (size < 0.999_5) return `${significant(ms * 1000, 3)} µs`;
  if (size < 999.5) return `${significant(ms, 3)} ms`;
  if (size < 99_950) return `${significant(ms / 1000, 3)} s`;
  if (size < 3_599_500) {
    const seconds = Math.round(ms / 1000);
    return `${Math.trunc(seconds / 60)} min ${Math.abs(seconds % 60)} s`;
  }
  return `${significant(ms / 3_600_000, 3)} h`;
}

/** A length of time given in seconds, for windows: `5 min`, `1 h`, `30 d`. */
export function formatWindow(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  if (seconds % 60 === 0) return `${seconds / 60} min`;
  return `${seconds} s`;
}

/** Calls or events per second. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return "0/s";
  if (perSecond < 0.05) return `${significant(perSecond * 60, 2)}/min`;
  return `${perSecond < 10 ? perSecond.toFixed(1) : compact(perSecond)}/s`;
}

/** `1,204`, `48.2K`, `1.2M`. */
export function formatCount(value: bigint | number): string {
  return Number(value) < 10_000 ? new Intl.NumberFormat("en").format(value) : compact(Number(value));
}

function compact(value: number): string {
  return new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 }).format(value);
}

/** A share between 0 and 1 as a percentage; small shares keep a digit that counts. */
export function formatShare(share: number): string {
  if (share === 0) return "0 %";
  if (share > 0 && share < 0.0001) return "<0.01 %";
  return `${significant(share * 100, share > 0.9 && share < 1 ? 4 : 2)} %`;
}

export function formatBytes(bytes: bigint | number): string {
  const value = Number(bytes);
  if (value < 1000) return `${value} B`;
  if (value < 1e6) return `${significant(value / 1e3, 3)} kB`;
  if (value < 1e9) return `${significant(value / 1e6, 3)} MB`;
  return `${significant(value / 1e9, 3)} GB`;
}

/** A number in a metric's unit (UCUM): seconds and bytes are scaled, `{order}` and `1` stay plain. */
export function formatInUnit(value: number, unit: string, isPerSecond: boolean): string {
  if (isPerSecond && unit !== "s") return unit === "By" ? `${formatBytes(value)}/s` : formatRate(value);
  if (unit === "s") return isPerSecond ? formatRate(value) : formatDuration(value * 1000);
  if (unit === "ms") return formatDuration(value);
  if (unit === "By") return formatBytes(value);
  return Math.abs(value) >= 10_000 ? compact(value) : significant(value, 4);
}

const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** The time of day with milliseconds, and the day in front of it unless it is today. */
export function formatTime(at: Timestamp | undefined | number, options: { readonly millis?: boolean } = {}): string {
  if (at === undefined) return "–";
  const ms = typeof at === "number" ? at : timestampMs(at);
  const date = new Date(ms);
  const clock = `${time.format(date)}${options.millis === false ? "" : `.${String(Math.floor(ms % 1000)).padStart(3, "0")}`}`;
  return date.toDateString() === new Date().toDateString() ? clock : `${day.format(date)} ${clock}`;
}

/** How long ago something was, given both times in milliseconds; clocks that differ a little do not count. */
export function formatAgo(ms: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - ms) / 1000));
  if (seconds < 2) return "now";
  if (seconds < 100) return `${seconds} s ago`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}
