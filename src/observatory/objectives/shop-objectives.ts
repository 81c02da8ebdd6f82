import { metric } from "../../../gen/telemetry/registry.ts";
import type { ObjectiveDefinition, OperationMatch } from "./objective.ts";

const hour = 3_600;
const server = { kind: "server" } as const;
const placeOrder = { kind: "server", names: ["oteldemo.CheckoutService/PlaceOrder"] } as const;
const pictures = { kind: "server", names: ["GET /images/*"] } as const;

function availability(service: string, description: string, operations: OperationMatch = server): ObjectiveDefinition {
  return {
    name: `${service}-availability`,
    service,
    description,
    indicator: { kind: "availability", operations },
    target: 0.995,
    windowSeconds: hour,
  };
}

function latency(
  service: string,
  thresholdMs: number,
  description: string,
  operations: OperationMatch = server,
): ObjectiveDefinition {
  return {
    name: `${service}-latency`,
    service,
    description,
    indicator: { kind: "latency", operations, thresholdMs },
    target: 0.99,
    windowSeconds: hour,
  };
}

/** Of the orders that are placed, those that reach a consumer in time. */
function delay(name: string, service: string, description: string): ObjectiveDefinition {
  return {
    name,
    service,
    description,
    indicator: {
      kind: "delay",
      metric: metric.demoEventDelay.name,
      attributes: { "messaging.destination.name": "orders" },
      thresholdSeconds: 5,
    },
    target: 0.99,
    windowSeconds: hour,
  };
}

/** What the shop promises its customers, and services each other. */
export const shopObjectives: readonly ObjectiveDefinition[] = [
  availability(
    "checkout",
    "Orders are placed, or refused for a reason that the customer can do something about.",
    placeOrder,
  ),
  latency("checkout", 1_000, "Orders are placed within a second.", placeOrder),
  availability("frontend", "Pages and the web API answer."),
  latency("frontend", 500, "Pages and the web API answer within half a second."),
  {
    ...latency("frontend-proxy", 2_500, "Pictures of products are there within two and a half seconds.", pictures),
    name: "images-latency",
  },
  availability("product-catalog", "Products are found."),
  latency("product-catalog", 500, "Products are found within half a second."),
  availability("cart", "Carts are read and changed."),
  latency("cart", 500, "Carts are read and changed within half a second."),
  availability("payment", "Cards are charged, or declined for a reason of the card."),
  latency("payment", 1_000, "Cards are charged within a second."),
  {
    name: "payment-acceptance",
    service: "payment",
    description: "Of ten cards, nine are accepted.",
    indicator: {
      kind: "outcomes",
      good: metric.demoPaymentTransactions.name,
      bad: metric.demoPaymentDeclines.name,
    },
    target: 0.9,
    windowSeconds: hour,
  },
  availability("currency", "Prices are converted."),
  latency("currency", 500, "Prices are converted within half a second."),
  availability("shipping", "Shipping is quoted and ordered."),
  latency("shipping", 1_000, "Shipping is quoted and ordered within a second."),
  latency("quote", 500, "Shipping costs are worked out within half a second."),
  availability("ad", "Advertisements are found."),
  latency("ad", 250, "Advertisements are found within a quarter of a second."),
  availability("recommendation", "Products are recommended."),
  latency("recommendation", 250, "Products are recommended within a quarter of a second."),
  delay("order-delay", "accounting", "Placed orders are booked within five seconds."),
  delay("fraud-delay", "fraud-detection", "Placed orders are looked at for fraud within five seconds."),
];
