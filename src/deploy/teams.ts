/** Who is told of what: alerts are routed by these names. */
export type Team = "orders" | "storefront" | "platform";

export const teams: readonly Team[] = ["orders", "storefront", "platform"];

const storefront = ["ad", "frontend", "frontend-proxy", "image-provider", "product-catalog", "recommendation"];
const platform = ["load-generator", "observatory"];

/** The team that runs a service; what is not seen or watched has to do with orders. */
export function teamOf(service: string): Team {
  if (storefront.includes(service)) return "storefront";
  return platform.includes(service) ? "platform" : "orders";
}
