import { trace } from "@opentelemetry/api";
import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { attribute, metric } from "../../../gen/telemetry/registry.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { selectAds } from "./ads.ts";

export async function start({ telemetry }: ServiceContext): Promise<RunningService> {
  const requests = telemetry.meter.createCounter(metric.demoAdRequests.name, metric.demoAdRequests);
  return {
    routes: [
      route(AdService, {
        getAds({ contextKeys }) {
          const { kind, ads } = selectAds(contextKeys);
          const types = {
            [attribute.demoAdRequestType]: contextKeys.length > 0 ? "TARGETED" : "NOT_TARGETED",
            [attribute.demoAdResponseType]: kind === "targeted" ? "TARGETED" : "RANDOM",
          };
          requests.add(1, types);
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
