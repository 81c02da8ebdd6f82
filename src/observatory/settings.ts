import { choice, type Environment, integer, text } from "../platform/config/environment.ts";

export interface ObservatorySettings {
  /** Folder of the store; undefined for memory. */
  readonly dataDir: string | undefined;
  readonly memoryMb: number;
  readonly maxSpans: number;
  readonly queryTimeoutMs: number;
  /** How many times as fast as usual alerts are raised and cleared. */
  readonly timeScale: number;
}

export function observatorySettings(environment: Environment): ObservatorySettings {
  return {
    dataDir: text(environment, "OBSERVATORY_DATA_DIR"),
    memoryMb: integer(environment, "OBSERVATORY_MEMORY_MB", { fallback: 128, min: 32, max: 65_536 }),
    maxSpans: integer(environment, "OBSERVATORY_MAX_SPANS", { fallback: 300_000, min: 1_000, max: 100_000_000 }),
    queryTimeoutMs: integer(environment, "OBSERVATORY_QUERY_TIMEOUT", { fallback: 5_000, min: 100, max: 60_000 }),
    // What leaves whole seconds of every window.
    timeScale: Number(choice(environment, "OBSERVATORY_TIME_SCALE", { fallback: "1", of: ["1", "2", "5", "10"] })),
  };
}
