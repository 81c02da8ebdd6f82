import { ShippingService } from "../../../gen/oteldemo/shipping_pb.ts";
import type { HttpJsonMethod } from "../../platform/rpc/http-json.ts";

export const shippingHttpJson: readonly HttpJsonMethod[] = [
  { method: ShippingService.method.getQuote, path: "/get-quote" },
  { method: ShippingService.method.shipOrder, path: "/ship-order" },
];
