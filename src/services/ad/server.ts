import { trace } from "@opentelemetry/api";
import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { attribute, metric } from "../../../gen/telemetry/registry.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { adCategories, adsOf, selectAds } from "./ads.ts";
import { adFaults } from "./faults.ts";
import { ServedPage } from "./served-page.ts";

export async function start(context: ServiceContext): Promise<RunningService> {
  const { telemetry } = context;
  const faults = adFaults(context);
  const page = new ServedPage();
  for (const category of adCategories) page.add(category, 0);
  const requests = telemetry.meter.createCounter(metric.demoAdRequests.name, metric.demoAdRequests);
  return {
    scraped: page.handler,
    stop: () => faults.stop(),
    routes: [
      route(AdService, {
        async getAds({ contextKeys }, call) {
          await faults.beforeGetAds(call);
          const { kind, ads } = selectAds(contextKeys);
          const types = {
            [attribute.demoAdRequestType]: contextKeys.length > 0 ? "TARGETED" : "NOT_TARGETED",
            [attribute.demoAdResponseType]: kind === "targeted" ? "TARGETED" : "RANDOM",
          };
          requests.add(1, types);
          if (kind === "random") page.add("random", ads.length);
          else
            for (const category of adCategories)
              if (contextKeys.includes(category)) page.add(category, adsOf(category));
          trace.getActiveSpan()?.setAttributes({
            ...types,
            [attribute.demoAdContextKeysCount]: contextKeys.length,
            [attribute.demoAdCount]: ads.length,
          });
          return { ads: ads.map(({ productId, text }) => ({ redirectUrl: `/product/${productId}`, text })) };
        },
      }),
    ],
  };
}
