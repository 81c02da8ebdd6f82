import { Service as EvaluationV1 } from "../../../gen/flagd/evaluation/v1/evaluation_pb.ts";
import { Service as EvaluationV2 } from "../../../gen/flagd/evaluation/v2/evaluation_pb.ts";
import { FlagSyncService } from "../../../gen/flagd/sync/v1/sync_pb.ts";
import { attribute, event } from "../../../gen/telemetry/registry.ts";
import { ConfigError, choice } from "../../platform/config/environment.ts";
import { variantOf } from "../../platform/flags/flag-document.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { flagTelemetry } from "../../platform/telemetry/flags.ts";
import { evaluationV1, evaluationV2 } from "./evaluation.ts";
import { ofrepHandler } from "./ofrep.ts";
import { flagSyncHandlers } from "./sync.ts";

export async function start({ environment, flagFile, flagNames, log }: ServiceContext): Promise<RunningService> {
  if (flagFile === undefined) {
    throw new ConfigError("FLAGD_HOST says that flags come from another flagd; this one has none to hand out.");
  }
  const { set } = flagFile;
  const closing = new AbortController();
  const { signal } = closing;
  // Of an opaque name the moment of its change would still tell something.
  const tells = choice(environment, "ORRERY_FLAG_TELEMETRY", flagTelemetry) !== "off" && !flagNames.areOpaque;
  const unsubscribe = set.onChange((changed) => {
    if (!tells) return;
    const { flags } = set.document;
    const settings = changed.map((key) => `${key}=${flags[key] === undefined ? "gone" : variantOf(flags[key])}`);
    log.info({ event: event.configurationChange, [attribute.demoProcessSettings]: settings }, "Flags changed");
  });
  return {
    routes: [
      route(EvaluationV1, evaluationV1(set, signal)),
      route(EvaluationV2, evaluationV2(set, signal)),
      route(FlagSyncService, flagSyncHandlers(set, signal)),
    ],
    http: ofrepHandler(set),
    endStreams: () => closing.abort(),
    async stop() {
      unsubscribe();
    },
  };
}
