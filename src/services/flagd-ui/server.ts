import { FlagService } from "../../../gen/orrery/flags/v1/flags_pb.ts";
import { allowedOrigins } from "../../platform/config/allowed-origins.ts";
import { ConfigError } from "../../platform/config/environment.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { ActivityLog } from "./activity-log.ts";
import { FlagControl } from "./flag-control.ts";
import { flagHandlers } from "./handlers.ts";
import { knownFlags } from "./known-flag.ts";
import { recordChanges } from "./recorder.ts";
import { restHandler } from "./rest.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import { flagPages } from "./web.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const { declarations, environment, flagFile: file, flagNames, log, observatoryUrl } = context;
  if (file === undefined) throw new ConfigError("flagd-ui needs the file of flags: set FLAGD_FILE.");
  const known = knownFlags(declarations, flagNames);
  const isAllowedOrigin = allowedOrigins(environment);
  const beside = (what: string) => file.path.replace(/(\.json)?$/, `.${what}`);
  const activity = await ActivityLog.open(beside("activity.jsonl"), log);
  const endRecording = recordChanges(file, activity);
  const scheduler = await Scheduler.open({ file, known, activity, path: beside("schedule.json"), log });
  const control = new FlagControl({ file, known, log });
  const closing = new AbortController();
  return {
    routes: [
      route(
        FlagService,
        flagHandlers({ file, known, control, activity, scheduler, isAllowedOrigin, closing: closing.signal }),
      ),
    ],
    http: await flagPages(restHandler({ file, control, isAllowedOrigin, log }), {
      ...(observatoryUrl === undefined ? {} : { OBSERVATORY_URL: observatoryUrl }),
    }),
    workers: [{ start: () => scheduler.begin(), stop: () => scheduler.close() }],
    endStreams: () => closing.abort(),
    async stop() {
      endRecording();
      await activity.close();
    },
  };
}
