import { allowedOrigins } from "../platform/config/allowed-origins.ts";
import { address, ConfigError, type Environment, flag, integer, text } from "../platform/config/environment.ts";
import type { RunningService, ServiceContext } from "../platform/lifecycle/service.ts";
import { controlHttp } from "./control-http.ts";
import { limits } from "./limits.ts";
import { LoadControl } from "./load-control.ts";
import { defaultLoadOptions, LoadGenerator } from "./load-generator.ts";
import { flagSwitches } from "./switches.ts";

/** As many as the OpenTelemetry Demo's shop has. */
const defaultUsers = 5;

export async function start({
  environment,
  flags,
  flagNames,
  log,
  telemetry,
}: ServiceContext): Promise<RunningService> {
  const switches = flagSwitches(flags);
  const given = integer(environment, "LOAD_GENERATOR_VUS", { fallback: -1, min: 0, max: limits.users });
  const generator = new LoadGenerator({
    ...defaultLoadOptions,
    target: targetOf(environment),
    seed: integer(environment, "LOAD_GENERATOR_SEED", { fallback: 1, min: 0, max: limits.seed }),
    switches,
    hidesFloods: flagNames.areOpaque,
    telemetry,
    log,
  });
  const control = new LoadControl({
    generator,
    settings: {
      users: given < 0 ? defaultUsers : given,
      browserUsers: flag(environment, "K6_BROWSER_ENABLED", false) ? 1 : 0,
      ratePerSecond: 0,
      thinkTime: defaultLoadOptions.thinkTime,
    },
    switches,
    onAway: (why) => log.info({ target: generator.target.origin, why }, "Waiting for the shop"),
  });
  return {
    http: controlHttp({ control, log, isAllowedOrigin: allowedOrigins(environment) }),
    // What controls the load is not part of it.
    isUntraced: () => true,
    workers: [
      {
        start() {
          const begin = async () => {
            await control.follow({ isFlagFirst: given < 0 });
            await generator
              .setBrowserUsers(control.settings.browserUsers)
              .catch((error) => log.warn({ error }, "There is no browser for browser users"));
            if (control.settings.users > 0) await control.begin();
          };
          begin().catch((error) => log.error({ error }, "The load could not begin"));
        },
        stop: () => control.close(),
      },
    ],
  };
}

function targetOf(environment: Environment): URL {
  const given = text(environment, "K6_TARGET_URL");
  if (given === undefined) {
    const proxy = address(environment, "FRONTEND_PROXY_ADDR");
    if (proxy === undefined) return new URL("http://localhost:8080");
    return new URL(proxy.kind === "rpc" ? proxy.origins[0] : proxy.origin);
  }
  const url = URL.parse(given);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new ConfigError(`K6_TARGET_URL=${given} is not valid: it takes a URL such as http://localhost:8080.`);
}
