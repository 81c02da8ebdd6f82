import { frontendProxy } from "../edge/service.ts";
import { loadGenerator } from "../load/service.ts";
import { observatory } from "../observatory/service.ts";
import type { ServiceDeclaration } from "../platform/lifecycle/service.ts";
import { scenarios } from "../scenarios/service.ts";
import { accounting } from "./accounting/service.ts";
import { ad } from "./ad/service.ts";
import { cart } from "./cart/service.ts";
import { checkout } from "./checkout/service.ts";
import { currency } from "./currency/service.ts";
import { email } from "./email/service.ts";
import { flagd } from "./flagd/service.ts";
import { flagdUi } from "./flagd-ui/service.ts";
import { fraudDetection } from "./fraud-detection/service.ts";
import { frontend } from "./frontend/service.ts";
import { imageProvider } from "./image-provider/service.ts";
import { payment } from "./payment/service.ts";
import { productCatalog } from "./product-catalog/service.ts";
import { quote } from "./quote/service.ts";
import { recommendation } from "./recommendation/service.ts";
import { shipping } from "./shipping/service.ts";

/** The system at a glance: every service there is. */
export const services: readonly ServiceDeclaration[] = [
  accounting,
  ad,
  cart,
  checkout,
  currency,
  email,
  flagd,
  flagdUi,
  fraudDetection,
  frontend,
  frontendProxy,
  imageProvider,
  loadGenerator,
  observatory,
  payment,
  productCatalog,
  quote,
  recommendation,
  scenarios,
  shipping,
];
