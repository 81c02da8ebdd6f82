import { expect, it } from "vitest";
import { OperationRefused } from "./operations.ts";
import { operationsElsewhere } from "./operations-elsewhere.ts";

it.each([
  ["containers", {}, "docker compose restart payment", "--scale payment=3 payment"],
  [
    "a cluster",
    { KUBERNETES_SERVICE_HOST: "10.0.0.1" },
    "kubectl rollout restart deployment/payment",
    "kubectl scale deployment/payment --replicas 3",
  ],
])("in %s the operator is told the commands", async (_, environment, restarting, scaling) => {
  const operations = operationsElsewhere(environment);
  expect(() => operations.checkRestart("payment")).toThrow(OperationRefused);
  expect(() => operations.checkRestart("payment")).toThrow(restarting);
  expect(() => operations.checkScale("payment", 3)).toThrow(scaling);
  await expect(operations.restart("payment")).rejects.toThrow(OperationRefused);
});

it("the mesh on this machine is told apart, and says so when the program that runs it is gone", async () => {
  const operations = operationsElsewhere({ ORRERY_STACK_CONTROL: "http://127.0.0.1:1/secret" });
  operations.checkRestart("payment");
  await expect(operations.restart("payment")).rejects.toThrow("cannot be reached");
  expect(() => operations.checkScale("payment", 3)).toThrow("npm run stack -- --replicas payment=3");
});
