import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { ScenarioService } from "../../gen/orrery/scenarios/v1/scenarios_pb.ts";
import { saturations } from "../observatory/objectives/saturations.ts";
import { shopObjectives } from "../observatory/objectives/shop-objectives.ts";
import { address, ConfigError } from "../platform/config/environment.ts";
import type { RunningService, ServiceContext } from "../platform/lifecycle/service.ts";
import { route } from "../platform/rpc/service-routes.ts";
import { ConfigurationHistory } from "./configuration-history.ts";
import { scenarioHandlers } from "./handlers.ts";
import { knownSystem } from "./known-system.ts";
import { loadSwitch } from "./load-switch.ts";
import { manifestFolder, readManifestFolder } from "./manifest-files.ts";
import { liveShop } from "./run/live-shop.ts";
import { Runs } from "./runs.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const { declarations, environment, flagFile, flagNames, log, operations } = context;
  if (flagFile === undefined) throw new ConfigError("scenarios needs the file of flags: set FLAGD_FILE.");
  const flags = declarations.flatMap((service) => service.flags ?? []);
  const system = knownSystem({
    services: declarations,
    objectives: shopObjectives,
    saturations,
    flags: new Map(flags.map(({ key, variants }) => [key, Object.keys(variants)])),
  });
  const load = address(environment, "LOAD_GENERATOR_ADDR");
  const origin = load === undefined ? "http://localhost:8089" : load.kind === "rpc" ? load.origins[0] : load.origin;
  const history = new ConfigurationHistory(flagFile, { services: declarations, flagNames });
  const runs = new Runs({
    manifests: await readManifestFolder(manifestFolder, system),
    shop: liveShop({
      flagFile,
      flagNames,
      flags,
      // A fault may leave it as little of the processor as everybody else.
      observatory: context.client(ObservatoryService, { timeoutMs: 10_000 }),
      load: loadSwitch(origin ?? ""),
      services: declarations.map(({ name }) => name),
      operations,
      history,
    }),
    log,
  });
  return {
    routes: [route(ScenarioService, scenarioHandlers(runs))],
    workers: [{ start() {}, stop: () => runs.close() }],
    async stop() {
      history.close();
    },
  };
}
