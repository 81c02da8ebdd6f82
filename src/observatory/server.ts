import type { RunningService, ServiceContext } from "../platform/lifecycle/service.ts";
import { startObservatory } from "./embedded.ts";
import { observatoryWeb } from "./web.ts";

/** As a service by itself, which others' Collector feeds: the map shows what was seen. */
export async function start({ environment, log }: ServiceContext): Promise<RunningService> {
  const { routes, http, workers, stop } = await startObservatory({ environment, log, declarations: [] });
  return { routes, http: await observatoryWeb(http), workers, stop };
}
