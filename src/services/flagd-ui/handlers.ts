import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { FlagService } from "../../../gen/orrery/flags/v1/flags_pb.ts";
import { readFlagDocument } from "../../platform/flags/flag-document.ts";
import type { FlagFile, WriteOptions } from "../../platform/flags/flag-file.ts";
import type { KnownFlag } from "../../platform/flags/flag-names.ts";
import { foreignPage } from "../../platform/http/foreign-page.ts";
import { rpcError } from "../../platform/rpc/errors.ts";
import type { ActivityLog } from "./activity-log.ts";
import { flagUiErrors } from "./errors.ts";
import { type FlagControl, found } from "./flag-control.ts";
import {
  activityMessages,
  flagMessage,
  flagsMessage,
  problemMessages,
  scheduleMessage,
  settingsOf,
  writerOf,
} from "./messages.ts";
import { notAllowed } from "./rest.ts";
import type { Scheduler } from "./schedule/scheduler.ts";
import { changesOf } from "./watch.ts";

/** Lines of activity that those who watch are told. */
const watchedActivities = 100;
const usualActivities = 100;

interface HandlerOptions {
  readonly file: FlagFile;
  readonly known: ReadonlyMap<string, KnownFlag>;
  readonly control: FlagControl;
  readonly activity: ActivityLog;
  readonly scheduler: Scheduler;
  readonly isAllowedOrigin: (origin: string) => boolean;
  /** Aborted when streams are to end. */
  readonly closing: AbortSignal;
}

export function flagHandlers(options: HandlerOptions): ServiceImpl<typeof FlagService> {
  const { file, known, control, activity, scheduler, isAllowedOrigin, closing } = options;
  const all = () => flagsMessage(file, known, scheduler.view.active);
  const one = (key: string) =>
    flagMessage(key, found(file.set.document, key), {
      known: known.get(key),
      heldUntilMs: scheduler.view.active.find((each) => each.key === key)?.untilMs,
    });
  const ofOwnPage = ({ requestHeader, url }: HandlerContext) => {
    const origin = requestHeader.get("origin") ?? undefined;
    const host = requestHeader.get("host") ?? URL.parse(url)?.host;
    const foreign = origin === undefined ? undefined : foreignPage({ origin, host }, isAllowedOrigin);
    if (foreign !== undefined) throw rpcError(flagUiErrors.ORIGIN_NOT_ALLOWED, notAllowed(foreign));
  };
  return {
    listFlags: all,
    async setFlag({ key, variant, expectedVersion, writer }, context) {
      ofOwnPage(context);
      const version = await control.set(key, variant, writeOptions(writer, expectedVersion));
      return { flag: one(key), version };
    },
    async setTargeting({ key, targeting, expectedVersion, writer }, context) {
      ofOwnPage(context);
      const version = await control.setTargeting(key, targeting, writeOptions(writer, expectedVersion));
      return { flag: one(key), version };
    },
    async clearFlags({ keys, writer }, context) {
      ofOwnPage(context);
      const { cleared, version } = await control.clear(keys, writeOptions(writer));
      return { keys: [...cleared], version };
    },
    getDocument() {
      const { text, version, problems } = file.state;
      return { text, version, problems: problemMessages(problems) };
    },
    checkDocument({ text }) {
      const read = readFlagDocument(text);
      return { problems: read.kind === "valid" ? [] : problemMessages(read.problems) };
    },
    async writeDocument({ text, expectedVersion, writer }, context) {
      ofOwnPage(context);
      return { version: await control.write(text, writeOptions(writer, expectedVersion)) };
    },
    listActivity: ({ limit }) => ({ activities: activityMessages(activity.latest(limit || usualActivities)) }),
    getSchedule: () => ({ schedule: scheduleMessage(scheduler.view) }),
    async startSchedule({ settings }, context) {
      ofOwnPage(context);
      // The contract requires it.
      if (settings === undefined) throw new Error("A schedule is started without settings");
      const started = await scheduler.start(settingsOf(settings));
      if (started.kind === "refused") {
        throw rpcError(flagUiErrors.SCHEDULE_INVALID, `The schedule cannot start: ${started.problems.join("; ")}.`);
      }
      if (started.kind === "stuck") {
        throw rpcError(flagUiErrors.FLAG_FILE_BROKEN, `The schedule cannot start: ${started.problem}.`);
      }
      return { schedule: scheduleMessage(scheduler.view) };
    },
    async stopSchedule(_, context) {
      ofOwnPage(context);
      const problem = await scheduler.stop();
      if (problem !== undefined) {
        const message = `The schedule is stopped, and is still reverting: ${problem}.`;
        throw rpcError(flagUiErrors.FLAG_FILE_BROKEN, message);
      }
      return { schedule: scheduleMessage(scheduler.view) };
    },
    async *watch(_, { signal }) {
      for await (const _change of changesOf([file, activity, scheduler], AbortSignal.any([signal, closing]))) {
        yield {
          time: timestampFromMs(Date.now()),
          flags: all(),
          activities: activityMessages(activity.latest(watchedActivities)),
          schedule: scheduleMessage(scheduler.view),
        };
      }
    },
  };
}

function writeOptions(writer: Parameters<typeof writerOf>[0], expectedVersion = ""): WriteOptions {
  return { by: writerOf(writer), ...(expectedVersion === "" ? {} : { expected: expectedVersion }) };
}
