import type { attribute, event } from "../../../gen/telemetry/registry.ts";
import { labelName, type Matcher, selector } from "../prometheus-names.ts";
import { aggregated } from "./promql.ts";

/** What Loki calls the name of a record's event, and its severity. */
export const recordLabel = { event: "event_name", severity: "severity_text" } as const;

type AttributeKey = (typeof attribute)[keyof typeof attribute];
type EventName = (typeof event)[keyof typeof event];

export interface RecordChoice {
  readonly service?: Matcher;
  /** One event or several; any record unless told. */
  readonly event?: EventName | readonly EventName[];
  /** Attributes of records. */
  readonly where?: Partial<Readonly<Record<AttributeKey, Matcher>>>;
  /** More of LogQL: `|= "words"`. */
  readonly filter?: string;
}

/** Log records. */
export function recordsOf(choice: RecordChoice = {}): string {
  const { service = { like: ".+" }, event: events, where = {}, filter } = choice;
  const conditions = { ...(events === undefined ? {} : { [recordLabel.event]: eventMatcher(events) }), ...where };
  return [
    selector({ "service.name": service }),
    ...Object.entries(conditions).map(([key, matcher]) => `| ${selector({ [key]: matcher }).slice(1, -1)}`),
    ...(filter === undefined ? [] : [filter]),
  ].join(" ");
}

function eventMatcher(events: EventName | readonly EventName[]): Matcher {
  return typeof events === "string" ? events : { like: events.join("|") };
}

/** How many records a second. */
export function recordRate(choice: RecordChoice, by: readonly string[] = []): string {
  return aggregated("sum", `rate(${recordsOf(choice)} [$__auto])`, by);
}

/** How many records over the time that the dashboard shows. */
export function recordCount(choice: RecordChoice, by: readonly string[] = []): string {
  return aggregated("sum", `count_over_time(${recordsOf(choice)} [$__range])`, by);
}

/** The value below which a share of a numeric attribute's values is. */
export function attributeQuantile(
  share: number,
  choice: RecordChoice,
  {
    of,
    by = [],
    window = "$__auto",
  }: { readonly of: AttributeKey; readonly by?: readonly string[]; readonly window?: string },
): string {
  const grouping = by.length === 0 ? "" : ` by (${by.map(labelName).join(", ")})`;
  return `quantile_over_time(${share}, ${recordsOf(choice)} | unwrap ${labelName(of)} [${window}])${grouping}`;
}
