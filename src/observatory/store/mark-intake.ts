import { bounded } from "../otlp/attributes.ts";
import type { DecodedRecord } from "../otlp/logs.ts";
import { type Resource, unknownResource } from "../otlp/resource.ts";
import type { Cell } from "./table-writer.ts";

/** Events that every chart shows, and what sort of mark they are. */
const kinds: ReadonlyMap<string, string> = new Map([
  ["process.start", "start"],
  ["process.stop", "stop"],
  ["service.deployment", "deployment"],
  ["configuration.change", "configuration"],
  ["feature_flag.change", "configuration"],
]);

/** What a service was when it was last seen to start. */
export interface LastStart {
  /** `service.version`; empty when it was not told. */
  readonly version: string;
  /** `NAME=value`; undefined when they were not told. */
  readonly settings: readonly string[] | undefined;
}

/** That a thousand marks fit into one answer. */
const maxTextLength = 1_024;
/** Services whose starts are remembered. */
const maxServices = 10_000;

/**
 * Finds the records that are marks. A service that starts in another version than before was deployed, and one that
 * starts with other settings was configured anew: nobody has to tell that.
 */
export class MarkIntake {
  readonly #write: (row: readonly Cell[]) => void;
  readonly #starts = new Map<string, LastStart>();

  constructor(write: (row: readonly Cell[]) => void) {
    this.#write = write;
  }

  /** Takes up what is known from before a restart. */
  restore(service: string, start: LastStart): void {
    this.#starts.set(service, start);
  }

  accept(resource: Resource, record: DecodedRecord): void {
    const kind = kinds.get(record.eventName);
    if (kind === undefined) return;
    // What names no service concerns all of them.
    const service = resource.service === unknownResource.service ? "" : resource.service;
    const start = kind === "start" ? startOf(resource, record) : undefined;
    const mark = (sort: string, text: string) =>
      [record.timeNanos, sort, service, bounded(text, maxTextLength)] as const;
    const settings = start?.settings === undefined ? null : JSON.stringify(start.settings);
    this.#write([...mark(kind, record.body), start?.version ?? null, settings]);
    if (start === undefined) return;
    for (const [sort, text] of this.#changes(service, start)) this.#write(mark(sort, text));
  }

  #changes(service: string, start: LastStart): readonly (readonly [kind: string, text: string])[] {
    const before = this.#starts.get(service);
    if (before !== undefined || this.#starts.size < maxServices) this.#starts.set(service, start);
    if (before === undefined) return [];
    const isDeployed = before.version !== "" && start.version !== "" && before.version !== start.version;
    const settings = settingChanges(before.settings, start.settings);
    return [
      ...(isDeployed ? [["deployment", `${before.version} -> ${start.version}`] as const] : []),
      ...(settings.length > 0 ? [["configuration", settings.join(", ")] as const] : []),
    ];
  }
}

function startOf(resource: Resource, { attributes }: DecodedRecord): LastStart {
  const { "service.version": version } = JSON.parse(resource.json) as Record<string, unknown>;
  const settings = attributes.get("demo.process.settings");
  return {
    version: typeof version === "string" ? version : "",
    settings: Array.isArray(settings) ? settings.map((one) => bounded(String(one), maxTextLength)) : undefined,
  };
}

/** `OTEL_TRACES_SAMPLER: always_on -> always_off` for each setting that is another than before. */
function settingChanges(before: LastStart["settings"], after: LastStart["settings"]): readonly string[] {
  if (before === undefined || after === undefined) return [];
  const was = valuesByName(before);
  const is = valuesByName(after);
  const names = [...new Set([...was.keys(), ...is.keys()])].sort();
  return names
    .filter((name) => was.get(name) !== is.get(name))
    .map((name) => `${name}: ${was.get(name) ?? "not set"} -> ${is.get(name) ?? "not set"}`);
}

function valuesByName(settings: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    settings.map((setting) => {
      const at = setting.indexOf("=");
      return at < 0 ? [setting, ""] : [setting.slice(0, at), setting.slice(at + 1)];
    }),
  );
}
