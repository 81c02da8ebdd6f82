import { fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, ValueSchema } from "@bufbuild/protobuf/wkt";
import {
  type ActivitySchema,
  type FlagSchema,
  type ListFlagsResponseSchema,
  type ProblemSchema,
  type ScheduleSchema,
  type ScheduleSettingsSchema,
  Writer,
} from "../../../gen/orrery/flags/v1/flags_pb.ts";
import type { DocumentProblem } from "../../platform/config/located-document.ts";
import { type FlagDefinition, variantOf } from "../../platform/flags/flag-document.ts";
import type { FlagFile } from "../../platform/flags/flag-file.ts";
import type { KnownFlag } from "../../platform/flags/flag-names.ts";
import type { ActivityEntry, ActivityWriter } from "./activity-log.ts";
import { isAtRest } from "./known-flag.ts";
import type { ScheduleView } from "./schedule/scheduler.ts";
import type { ScheduleSettings } from "./schedule/settings.ts";

const writers: Readonly<Record<ActivityWriter, Writer>> = {
  api: Writer.API,
  page: Writer.PAGE,
  cli: Writer.CLI,
  scheduler: Writer.SCHEDULER,
  scenario: Writer.SCENARIO,
  file: Writer.FILE,
};

/** By what a caller says that flags are changed. */
export function writerOf(writer: Writer): "api" | "page" | "cli" {
  if (writer === Writer.PAGE) return "page";
  return writer === Writer.CLI ? "cli" : "api";
}

export function flagsMessage(
  { set, state }: FlagFile,
  known: ReadonlyMap<string, KnownFlag>,
  held: ScheduleView["active"],
): MessageInitShape<typeof ListFlagsResponseSchema> {
  return {
    flags: Object.entries(set.document.flags).map(([key, flag]) =>
      flagMessage(key, flag, { known: known.get(key), heldUntilMs: held.find((each) => each.key === key)?.untilMs }),
    ),
    version: state.version,
    problems: problemMessages(state.problems),
  };
}

export function flagMessage(
  key: string,
  flag: FlagDefinition,
  { known, heldUntilMs }: { readonly known: KnownFlag | undefined; readonly heldUntilMs: number | undefined },
): MessageInitShape<typeof FlagSchema> {
  const { description, state, variants, defaultVariant, targeting } = flag;
  return {
    key,
    description: description ?? known?.description ?? "",
    service: known?.service ?? "",
    // What is in a JSON file can be said in JSON.
    variants: Object.entries(variants).map(([name, value]) => ({ name, value: fromJson(ValueSchema, value as never) })),
    variant: variantOf(flag) ?? "",
    defaultVariant: defaultVariant ?? "",
    restingVariant: known?.resting ?? "",
    isAtRest: known === undefined || isAtRest(flag, known),
    isDisabled: state === "DISABLED",
    targeting: targeting === undefined ? "" : JSON.stringify(targeting, null, 2),
    ...(known?.fault === undefined
      ? {}
      : { fault: { bound: "", ...known.fault, needsOwnProcess: known.fault.needsOwnProcess !== undefined } }),
    ...(heldUntilMs === undefined ? {} : { heldUntil: timestampFromMs(heldUntilMs) }),
  };
}

export function problemMessages(problems: readonly DocumentProblem[]): MessageInitShape<typeof ProblemSchema>[] {
  return problems.map(({ line, path, reason }) => ({ line, path, reason }));
}

export function activityMessages(entries: readonly ActivityEntry[]): MessageInitShape<typeof ActivitySchema>[] {
  return entries.map(({ id, timeMs, writer, ...rest }) => ({
    ...rest,
    id: BigInt(id),
    time: timestampFromMs(timeMs),
    writer: writers[writer],
  }));
}

export function settingsOf(message: {
  readonly intervalSeconds: number;
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly concurrency: number;
  readonly seed?: number | undefined;
  readonly flags: readonly { readonly key: string; readonly variants: readonly string[] }[];
}): ScheduleSettings {
  return {
    intervalMs: message.intervalSeconds * 1_000,
    minMs: message.minSeconds * 1_000,
    maxMs: message.maxSeconds * 1_000,
    concurrency: message.concurrency,
    ...(message.seed === undefined ? {} : { seed: message.seed }),
    selection: Object.fromEntries(message.flags.map(({ key, variants }) => [key, variants])),
  };
}

export function scheduleMessage(view: ScheduleView): MessageInitShape<typeof ScheduleSchema> {
  const { isRunning, startedMs, intervalNumber, active, planned, nextMs, history, eligible } = view;
  return {
    isRunning,
    settings: settingsMessage(view.settings),
    ...(startedMs === undefined ? {} : { started: timestampFromMs(startedMs) }),
    intervalNumber: BigInt(intervalNumber),
    active: active.map((each) => activationMessage({ ...each, isLeft: false })),
    planned,
    ...(nextMs === undefined ? {} : { next: timestampFromMs(nextMs) }),
    history: history.map(activationMessage),
    eligible: eligible.map(({ key, variants }) => ({ key, variants: [...variants] })),
  };
}

function settingsMessage(settings: ScheduleSettings): MessageInitShape<typeof ScheduleSettingsSchema> {
  return {
    intervalSeconds: Math.round(settings.intervalMs / 1_000),
    minSeconds: Math.round(settings.minMs / 1_000),
    maxSeconds: Math.round(settings.maxMs / 1_000),
    concurrency: settings.concurrency,
    ...(settings.seed === undefined ? {} : { seed: settings.seed }),
    flags: Object.entries(settings.selection).map(([key, variants]) => ({ key, variants: [...variants] })),
  };
}

function activationMessage({ key, variant, fromMs, untilMs, isLeft }: ScheduleView["history"][number]) {
  return { key, variant, from: timestampFromMs(fromMs), until: timestampFromMs(untilMs), isLeft };
}
