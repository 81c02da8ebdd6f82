import { randomBytes } from "node:crypto";
import { allowedOrigins } from "../platform/config/allowed-origins.ts";
import { ConfigError, choice, port as portSetting } from "../platform/config/environment.ts";
import { databaseFromEnvironment } from "../platform/lifecycle/databases.ts";
import { startProcess } from "../platform/lifecycle/running-process.ts";
import { logLevels } from "../platform/logging/logger.ts";
import { defaultSettings } from "../platform/telemetry/default-settings.ts";
import { createServiceLogger } from "../platform/telemetry/service-logger.ts";
import { startTelemetry } from "../platform/telemetry/telemetry-host.ts";
import { orderRetention, retentionDatabase, retentionLimits } from "../retention/order-retention.ts";
import { services } from "../services/index.ts";
import { flagSource } from "./flag-source.ts";
import { type ParentKind, ParentProcess } from "./parent-process.ts";
import { secretFromEnvironment } from "./secret.ts";
import { endSoon, untilStopped } from "./until-stopped.ts";
import { shopVersion } from "./version.ts";

export interface ServeOptions {
  readonly host: string;
  /** Whether the process that has started this one is told the ports, and is to be outlived by nothing of it. */
  readonly parent?: ParentKind;
}

/** Runs some services until told to stop, each on its own port; others are found by their environment variables. */
export async function serve(names: readonly string[], options: ServeOptions): Promise<void> {
  const environment = process.env;
  const parent = options.parent === undefined ? undefined : new ParentProcess(options.parent);
  const stopped = Promise.race([untilStopped(), ...(parent === undefined ? [] : [parent.gone])]);
  const stopping = new AbortController();
  void stopped.then(() => stopping.abort());
  const telemetry = await startTelemetry({ environment, version: await shopVersion(), sinks: parent?.sinks ?? [] });
  const level = choice(environment, "LOG_LEVEL", { fallback: "info", of: logLevels });
  const log = createServiceLogger(level, services, telemetry);
  const run = names.includes("all") ? services.map(({ name }) => name) : [...new Set(names)];
  const databases = databaseFromEnvironment(environment, log);
  const flags = await flagSource({
    environment,
    handsOut: run.includes("flagd"),
    keepsFile: run.includes("flagd-ui"),
    log,
  });
  try {
    const starting = startProcess({
      declarations: services,
      run,
      flags,
      environment,
      settings: { ...defaultSettings({ isEmbedded: (parent?.sinks ?? []).length > 0 }), LOG_LEVEL: level },
      databases,
      secret: secretFromEnvironment(environment) ?? randomBytes(32),
      log,
      telemetry,
      stopping: stopping.signal,
      host: options.host,
      isAllowedOrigin: allowedOrigins(environment),
      portOf: (service) => {
        const port = portSetting(environment, service.port.variable, service.port.fallback);
        const twin = services.find(
          (other) =>
            other.name < service.name &&
            run.includes(other.name) &&
            port !== 0 &&
            portSetting(environment, other.port.variable, other.port.fallback) === port,
        );
        if (twin === undefined) return port;
        throw new ConfigError(
          `${twin.name} and ${service.name} both want port ${port}: set ${twin.port.variable} or ${service.port.variable}.`,
        );
      },
    });
    const running = await starting.catch((error) => {
      // Stopped before all was there that it waited for.
      if (error instanceof Error && error.name === "AbortError") return undefined;
      throw error;
    });
    if (running === undefined) return;
    for (const [service, { host, port }] of running.ports) log.info({ service, host, port }, "Listening");
    parent?.tellPorts(running.ports);
    const address = run.includes("checkout") ? retentionDatabase(environment) : undefined;
    const retention =
      address === undefined ? undefined : orderRetention({ address, limits: retentionLimits(environment), log });
    retention?.start();
    await stopped;
    await retention?.stop();
    await running.stop();
  } finally {
    await flags.close();
    await databases.stop();
    endSoon();
  }
}
