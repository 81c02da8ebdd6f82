import type { SaturationDefinition, Told, Unit } from "../objectives/saturation.ts";
import type { Alerts } from "./alerts.ts";
import type { TrafficSource } from "./questions/map.ts";

/** Beyond the time after which an unchanged point is stored again, for exporters that are late. */
const lateSeconds = 15;

/** A series that counts for a saturation. */
interface Series {
  readonly service: string;
  /** Attributes that tell it from the others, by key. */
  readonly labels: Readonly<Record<string, string>>;
}

interface Measured extends Series {
  readonly value: number;
}

export interface SaturationKeeperOptions {
  readonly saturations: readonly SaturationDefinition[];
  /** After how long an unchanged point is stored again. */
  readonly repeatSeconds: number;
  readonly source: () => Pick<TrafficSource, "ask" | "nowMs">;
  readonly alerts: Alerts;
}

/** Looks from time to time whether something runs short. */
export class SaturationKeeper {
  readonly #options: SaturationKeeperOptions;

  constructor(options: SaturationKeeperOptions) {
    this.#options = options;
  }

  /** Judges every saturation once: for each service by what is worst of it. */
  async evaluate(): Promise<void> {
    const { saturations, alerts } = this.#options;
    const { nowMs } = this.#options.source();
    for (const definition of saturations) {
      const { name, severity, forSeconds } = definition;
      const worst = new Map<string, Measured>();
      for (const measured of await this.#measure(definition)) {
        const known = worst.get(measured.service);
        if (isBeyond(definition, measured.value) && (known === undefined || isWorse(definition, measured, known))) {
          worst.set(measured.service, measured);
        }
      }
      for (const service of new Set([...worst.keys(), ...alerts.servicesOf(name)])) {
        const found = worst.get(service);
        alerts.judge(
          { name, service, severity, objective: "" },
          {
            summary: found === undefined ? undefined : definition.description(told(definition, found)),
            raiseAfterSeconds: forSeconds,
            nowMs,
          },
        );
      }
    }
  }

  async #measure(definition: SaturationDefinition): Promise<readonly Measured[]> {
    const series = await this.#series(definition);
    if (series.size === 0) return [];
    const ids = [...series.keys()].join(",");
    switch (definition.reading.kind) {
      case "value":
        return withSeries(series, await this.#last(ids));
      case "rate":
        return added(withSeries(series, await this.#rates(ids, definition.reading.windowSeconds)));
      default:
        return this.#surges(series, definition.reading);
    }
  }

  /** The series that are looked at, by id. */
  async #series({ metric, attributes = {}, except, by }: SaturationDefinition): Promise<Map<number, Series>> {
    const rows = await this.#options.source().ask<{ id: number; service: string; own: string; resource: string }>(
      `select series_id as id, s.service, s.attributes as own, r.attributes as resource
       from metric_series s join resources r using (resource_id) where name = $metric`,
      { metric },
    );
    const found = new Map<number, Series>();
    for (const { id, service, own, resource } of rows) {
      const all: Record<string, unknown> = { ...JSON.parse(resource), ...JSON.parse(own), "service.name": service };
      if (service === except) continue;
      if (!Object.entries(attributes).every(([key, value]) => String(all[key]) === value)) continue;
      found.set(id, { service, labels: Object.fromEntries(by.map((key) => [key, String(all[key] ?? "")])) });
    }
    return found;
  }

  /** What each series told last, of those that still tell something. */
  async #last(ids: string): Promise<Map<number, number>> {
    const { ask, nowMs } = this.#options.source();
    const rows = await ask<{ id: number; value: number }>(
      `select series_id as id, arg_max(value, time) as value from metric_points
       where series_id in (${ids}) and time >= make_timestamp_ns($since::bigint) group by series_id`,
      { since: nanosAgo(nowMs, this.#options.repeatSeconds + lateSeconds) },
    );
    return new Map(rows.map(({ id, value }) => [id, value]));
  }

  /** How much counters rose a second; nothing of those that are known for less than half of the window. */
  async #rates(ids: string, windowSeconds: number): Promise<Map<number, number>> {
    const { ask, nowMs } = this.#options.source();
    const rows = await ask<{ id: number; rise: number; seconds: number }>(
      `select series_id as id, max(value) - min(value) as rise, (epoch_ns(max(time)) - epoch_ns(min(time))) / 1e9 as seconds
       from metric_points where series_id in (${ids}) and time >= make_timestamp_ns($since::bigint) group by series_id`,
      { since: nanosAgo(nowMs, windowSeconds) },
    );
    const known = rows.filter(({ seconds }) => seconds >= windowSeconds / 2);
    return new Map(known.map(({ id, rise, seconds }) => [id, rise / seconds]));
  }

  async #surges(
    series: ReadonlyMap<number, Series>,
    reading: Extract<SaturationDefinition["reading"], { kind: "surge" }>,
  ): Promise<readonly Measured[]> {
    const { windowSeconds, beforeSeconds, leastRate } = reading;
    const { ask, nowMs } = this.#options.source();
    const rows = await ask<{ id: number; ago: number; rise: bigint }>(
      `select id, greatest($now::bigint - told_at, 0) // $window::bigint as ago, sum(rise)::bigint as rise from
         (select series_id as id, epoch_ns(time) as told_at,
            count::bigint - lag(count::bigint) over (partition by series_id order by time) as rise
          from metric_points where series_id in (${[...series.keys()].join(",")})
            and time >= make_timestamp_ns($since::bigint))
       where rise >= 0 group by all`,
      {
        now: nanosAgo(nowMs, 0),
        window: BigInt(windowSeconds * 1_000) * 1_000_000n,
        since: nanosAgo(nowMs, windowSeconds + beforeSeconds),
      },
    );
    const surges: Measured[] = [];
    for (const [service, own] of Map.groupBy(rows, ({ id }) => series.get(id)?.service ?? "")) {
      const windows = new Map<number, number>();
      for (const { ago, rise } of own) windows.set(Number(ago), (windows.get(Number(ago)) ?? 0) + Number(rise));
      const now = windows.get(0) ?? 0;
      const oldest = Math.max(...windows.keys());
      // Of the oldest window only a part may have been seen.
      const before = Array.from({ length: Math.max(0, oldest - 1) }, (_, index) => windows.get(index + 1) ?? 0);
      const usual = median(before);
      if (usual === undefined || now < leastRate * windowSeconds) continue;
      surges.push({ service, labels: {}, value: now / Math.max(usual, 1) });
    }
    return surges;
  }
}

function withSeries(series: ReadonlyMap<number, Series>, values: ReadonlyMap<number, number>): readonly Measured[] {
  return [...values].flatMap(([id, value]) => {
    const found = series.get(id);
    return found === undefined ? [] : [{ ...found, value }];
  });
}

/** Values of the same service and labels together. */
function added(measured: readonly Measured[]): readonly Measured[] {
  const groups = Map.groupBy(measured, ({ service, labels }) => JSON.stringify([service, labels]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ ...first, value: group.reduce((sum, { value }) => sum + value, 0) }];
  });
}

function isBeyond({ limit }: SaturationDefinition, value: number): boolean {
  return "above" in limit ? value > limit.above : value < limit.below;
}

function isWorse({ limit }: SaturationDefinition, one: Measured, other: Measured): boolean {
  return "above" in limit ? one.value > other.value : one.value < other.value;
}

function told({ unit }: SaturationDefinition, { service, labels, value }: Measured): Told {
  return { service, value: spoken(value, unit), label: (attribute) => labels[attribute] ?? "" };
}

function spoken(value: number, unit: Unit): string {
  switch (unit) {
    case "share":
      return `${Math.round(value * 100)} %`;
    case "seconds":
      return value < 1 ? `${Math.round(value * 1_000)} ms` : `${Math.round(value)} s`;
    case "times":
      return `${value.toFixed(1)} times`;
    case "cores":
      return value.toFixed(2);
    default:
      return String(Math.round(value));
  }
}

/** The lower one of two in the middle: what begins to be usual is not yet. */
function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}

function nanosAgo(nowMs: number, seconds: number): bigint {
  return BigInt(Math.round(nowMs - seconds * 1_000)) * 1_000_000n;
}
