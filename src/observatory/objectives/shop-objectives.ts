import type { ObjectiveDefinition } from "./objective.ts";

const hour = 3_600;
const server = { kind: "server" } as const;
const placeOrder = { kind: "server", names: ["oteldemo.CheckoutService/PlaceOrder"] } as const;

/** What the shop promises its customers. */
export const shopObjectives: readonly ObjectiveDefinition[] = [
  {
    name: "checkout-availability",
    service: "checkout",
    description: "Orders are placed, or refused for a reason that the customer can do something about.",
    indicator: { kind: "availability", operations: placeOrder },
    target: 0.995,
    windowSeconds: hour,
  },
  {
    name: "checkout-latency",
    service: "checkout",
    description: "Orders are placed within a second.",
    indicator: { kind: "latency", operations: placeOrder, thresholdMs: 1_000 },
    target: 0.99,
    windowSeconds: hour,
  },
  {
    name: "frontend-availability",
    service: "frontend",
    description: "Pages and the web API answer.",
    indicator: { kind: "availability", operations: server },
    target: 0.995,
    windowSeconds: hour,
  },
  {
    name: "frontend-latency",
    service: "frontend",
    description: "Pages and the web API answer within half a second.",
    indicator: { kind: "latency", operations: server, thresholdMs: 500 },
    target: 0.99,
    windowSeconds: hour,
  },
  {
    name: "product-catalog-availability",
    service: "product-catalog",
    description: "Products are found.",
    indicator: { kind: "availability", operations: server },
    target: 0.995,
    windowSeconds: hour,
  },
  {
    name: "cart-availability",
    service: "cart",
    description: "Carts are read and changed.",
    indicator: { kind: "availability", operations: server },
    target: 0.995,
    windowSeconds: hour,
  },
  {
    name: "payment-availability",
    service: "payment",
    description: "Cards are charged, or declined for a reason of the card.",
    indicator: { kind: "availability", operations: server },
    target: 0.995,
    windowSeconds: hour,
  },
  {
    name: "order-delay",
    service: "accounting",
    description: "Placed orders reach their consumers within five seconds.",
    indicator: {
      kind: "delay",
      metric: "demo.event.delay",
      attributes: { "messaging.destination.name": "orders" },
      thresholdSeconds: 5,
    },
    target: 0.99,
    windowSeconds: hour,
  },
];
