import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import type { RunningService } from "../../platform/lifecycle/service.ts";
import { route } from "../../platform/rpc/service-routes.ts";
import { selectAds } from "./ads.ts";

export async function start(): Promise<RunningService> {
  return {
    routes: [
      route(AdService, {
        getAds: ({ contextKeys }) => ({
          ads: selectAds(contextKeys).ads.map(({ productId, text }) => ({
            redirectUrl: `/product/${productId}`,
            text,
          })),
        }),
      }),
    ],
  };
}
