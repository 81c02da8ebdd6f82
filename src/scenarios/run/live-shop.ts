import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { AlertState, type ObservatoryService } from "../../../gen/orrery/observatory/v1/observatory_pb.ts";
import type { FlagDeclaration } from "../../platform/flags/flag.ts";
import { withVariant } from "../../platform/flags/flag-document.ts";
import type { FlagFile } from "../../platform/flags/flag-file.ts";
import type { FlagNames } from "../../platform/flags/flag-names.ts";
import { OperationRefused, type Operations } from "../../platform/lifecycle/operations.ts";
import { rpcError } from "../../platform/rpc/errors.ts";
import type { ConfigurationHistory } from "../configuration-history.ts";
import { scenarioErrors } from "../errors.ts";
import type { ScenarioShop } from "./scenario-shop.ts";

export interface WantedLoad {
  readonly users: number;
  readonly browserUsers: number;
  readonly ratePerSecond: number;
}

/** Controls the load generator. */
export interface LoadSwitch {
  start(load: WantedLoad, seed: number): Promise<void>;
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
  /** By name. */
  readonly services: readonly string[];
  readonly operations: Operations;
  readonly history: ConfigurationHistory;
}): ScenarioShop {
  const { flagFile, flagNames, flags, services, operations, history } = options;
  return {
    ...measuredShop(options),
    mitigation(action) {
      if (action.action === "clear") {
        const rests = flags.map(({ key, resting }) => flagNames.setting(key, resting));
        const rest = rests.find(({ key }) => key === action.flag);
        if (rest === undefined) {
          const known = rests.map(({ key }) => key).join(", ");
          throw rpcError(scenarioErrors.FLAG_NOT_FOUND, `There is no flag ${action.flag}; there are ${known}.`);
        }
        return async () => {
          await flagFile.update((document) => withVariant(document, rest.key, rest.variant), { by });
          return `${rest.key} is at rest.`;
        };
      }
      const { service } = action;
      if (!services.includes(service)) {
        throw rpcError(
          scenarioErrors.SERVICE_NOT_FOUND,
          `There is no service ${service}; there are ${services.join(", ")}.`,
        );
      }
      switch (action.action) {
        case "restart":
          refusing(() => operations.checkRestart(service));
          return () => operations.restart(service);
        case "scale":
          refusing(() => operations.checkScale(service, action.replicas));
          return () => operations.scale(service, action.replicas);
        case "roll-back":
          if (!history.has(service)) {
            throw rpcError(
              scenarioErrors.NOTHING_TO_ROLL_BACK,
              `No flag that acts in ${service} has been changed since the service of scenarios started, or all of it is rolled back.`,
            );
          }
          return async () => {
            await history.rollBack(service, by);
            return `The flags that act in ${service} are what they were before their last change.`;
          };
      }
    },
    unscale: () => operations.unscale(),
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
  };
}

/** What a run asks of a shop besides its flags, whoever keeps those. */
export function measuredShop(options: {
  readonly observatory: Client<typeof ObservatoryService>;
  readonly load: LoadSwitch;
}): Pick<ScenarioShop, "startLoad" | "stopLoad" | "alerts" | "objectives" | "measure"> {
  const { observatory, load } = options;
  return {
    startLoad(wanted, seed) {
      const { browserUsers = 0 } = wanted;
      const others =
        "users" in wanted
          ? { users: wanted.users, ratePerSecond: 0 }
          : { users: 0, ratePerSecond: wanted.requestsPerSecond };
      return load.start({ ...others, browserUsers }, seed);
    },
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

function refusing(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof OperationRefused) throw rpcError(scenarioErrors.MITIGATION_UNAVAILABLE, error.message);
    throw error;
  }
}

function timeLiteral(ms: number): string {
  return `timestamp '${new Date(ms).toISOString().replace("T", " ").replace("Z", "")}'`;
}
