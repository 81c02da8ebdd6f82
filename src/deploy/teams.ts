/** Who is told of what: alerts are routed by these names. */
export type Team = "orders" | "storefront" | "platform";

export const teams: readonly Team[] = ["orders", "storefront", "platform"];

const storefront = ["ad", "frontend", "frontend-proxy", "image-provider", "product-catalog", "recommendation"];
const platform = ["load-generator", "observatory"];

/** Who is told when something runs short, whatever service it is of: the platform unless said otherwise. */
const ofSaturations: Readonly<Record<string, Team>> = {
  "consumer-lag": "orders",
  "outbox-waiting": "orders",
  "requests-surge": "storefront",
};

export function teamOfSaturation(name: string): Team {
  return ofSaturations[name] ?? "platform";
}

/** The team that runs a service; what is not seen or watched has to do with orders. */
export function teamOf(service: string): Team {
  if (storefront.includes(service)) return "storefront";
  return platform.includes(service) ? "platform" : "orders";
}
