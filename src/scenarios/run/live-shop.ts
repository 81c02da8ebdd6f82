import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { AlertState, type ObservatoryService } from "../../../gen/orrery/observatory/v1/observatory_pb.ts";
import type { FlagDeclaration } from "../../platform/flags/flag.ts";
import { withVariant } from "../../platform/flags/flag-document.ts";
import type { FlagFile } from "../../platform/flags/flag-file.ts";
import type { FlagNames } from "../../platform/flags/flag-names.ts";
import type { ScenarioShop } from "./scenario-shop.ts";

/** Controls the load generator. */
export interface LoadSwitch {
  start(load: { readonly users: number; readonly ratePerSecond: number }, seed: number): Promise<void>;
  /** Puts back what there was before. */
  restore(): Promise<void>;
}

const by = "scenario";

/** A shop that runs, by its file of flags, its Observatory and its load generator. */
export function liveShop(options: {
  readonly flagFile: FlagFile;
  readonly flagNames: FlagNames;
  readonly flags: readonly FlagDeclaration[];
  readonly observatory: Client<typeof ObservatoryService>;
  readonly load: LoadSwitch;
}): ScenarioShop {
  const { flagFile, flagNames, flags, observatory, load } = options;
  return {
    async setFlag(key, variant) {
      const outside = flagNames.setting(key, variant);
      await flagFile.update((document) => withVariant(document, outside.key, outside.variant), { by });
    },
    async clearFlags() {
      await flagFile.update(
        (document) =>
          flags
            .filter(({ fault }) => fault !== undefined)
            .map(({ key, resting }) => flagNames.setting(key, resting))
            .reduce((changed, { key, variant }) => withVariant(changed, key, variant), document),
        { by },
      );
    },
    startLoad: (wanted, seed) =>
      load.start(
        "users" in wanted
          ? { users: wanted.users, ratePerSecond: 0 }
          : { users: 0, ratePerSecond: wanted.requestsPerSecond },
        seed,
      ),
    stopLoad: () => load.restore(),
    async alerts() {
      const { alerts } = await observatory.listAlerts({ limit: 200 });
      return alerts.map(({ name, state, since, until }) => ({
        name,
        sinceMs: since === undefined ? 0 : timestampMs(since),
        untilMs: until === undefined ? undefined : timestampMs(until),
        isFiring: state === AlertState.FIRING,
      }));
    },
    async objectives({ fromMs, toMs }) {
      const range = { start: timestampFromMs(fromMs), end: timestampFromMs(toMs) };
      const { objectives } = await observatory.measureObjectives({ range });
      return objectives.map(({ name, events, good }) => ({ name, events: Number(events), good }));
    },
    async measure(sql, { fromMs, toMs }) {
      const statement = sql.replaceAll("$from", timeLiteral(fromMs)).replaceAll("$to", timeLiteral(toMs));
      const { rows } = await observatory.runQuery({ sql: statement, maxRows: 1 });
      const value = rows[0]?.values[0]?.kind;
      return value?.case === "numberValue" ? value.value : undefined;
    },
  };
}

function timeLiteral(ms: number): string {
  return `timestamp '${new Date(ms).toISOString().replace("T", " ").replace("Z", "")}'`;
}
