import { expect, it } from "vitest";
import type { ServiceDeclaration } from "./service.ts";
import { toldSettings } from "./told-settings.ts";

const declaration: ServiceDeclaration = {
  name: "cart",
  summary: "",
  criticality: "low",
  port: { variable: "CART_PORT", fallback: 7070 },
  rpc: [],
  calls: [],
  settings: [{ name: "STORE", meaning: "" }],
  load: () => Promise.reject(new Error("It is not started here")),
};

it.each([
  ["valkey-cart:6379", "valkey-cart:6379"],
  ["valkey://carts:hunter2@valkey-cart:6379", "valkey://valkey-cart:6379"],
  // Commas stand between several addresses, and may stand in a password.
  ["valkey://carts:hun,ter2@valkey-cart:6379", "valkey://valkey-cart:6379"],
  ["kafka-1:9092,kafka-2:9092", "kafka-1:9092,kafka-2:9092"],
  ["http://collector:4318/v1/k3y?token=k3y,http://other:4318", "http://collector:4318,http://other:4318"],
])("of %s no more is told than where it leads", (value, told) => {
  const settings = toldSettings(declaration, { declarations: [declaration], environment: { STORE: value }, given: {} });
  expect(settings).toContain(`STORE=${told}`);
});
