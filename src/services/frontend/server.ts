import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import { CheckoutService } from "../../../gen/oteldemo/checkout_pb.ts";
import { CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import { ProductCatalogService } from "../../../gen/oteldemo/product_catalog_pb.ts";
import { RecommendationService } from "../../../gen/oteldemo/recommendation_pb.ts";
import { ShippingService } from "../../../gen/oteldemo/shipping_pb.ts";
import { text } from "../../platform/config/environment.ts";
import { servePages } from "../../platform/http/pages.ts";
import type { RunningService, ServiceContext } from "../../platform/lifecycle/service.ts";
import { buildApi } from "./api/app.ts";
import { isStorefrontPage, storefrontBundle } from "./pages.ts";

/** Placing an order may take as long as slow shipping does. */
const checkoutTimeoutMs = 14_000;

export async function start(context: ServiceContext): Promise<RunningService> {
  const app = await buildApi({
    log: context.log,
    telemetry: context.telemetry,
    clients: {
      ad: context.client(AdService, { timeoutMs: 2_000 }),
      cart: context.client(CartService),
      catalog: context.client(ProductCatalogService),
      checkout: context.client(CheckoutService, { timeoutMs: checkoutTimeoutMs }),
      currency: context.client(CurrencyService),
      recommendation: context.client(RecommendationService, { timeoutMs: 3_000 }),
      shipping: context.client(ShippingService),
    },
  });
  app.get("/favicon.ico", { schema: { hide: true } }, (_request, reply) => reply.redirect("/images/favicon.svg", 301));
  await servePages(app, {
    bundle: storefrontBundle,
    isPage: isStorefrontPage,
    isOther: (path) => path.startsWith("/api/"),
    // Under the OpenTelemetry Demo's names.
    environment: {
      NEXT_PUBLIC_PLATFORM: text(context.environment, "ENV_PLATFORM") ?? "local",
      ...(context.flagNames.areOpaque ? { ORRERY_HIDES_FLAGS: "true" } : {}),
      ...(context.observatoryUrl === undefined ? {} : { ORRERY_OBSERVATORY_URL: context.observatoryUrl }),
      ...(context.browserTelemetryUrl === undefined
        ? {}
        : {
            NEXT_PUBLIC_OTEL_SERVICE_NAME: text(context.environment, "WEB_OTEL_SERVICE_NAME") ?? "frontend-web",
            NEXT_PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: context.browserTelemetryUrl,
          }),
    },
  });
  await app.ready();
  return {
    http: (request, response) => app.routing(request, response),
    stop: () => app.close(),
  };
}
