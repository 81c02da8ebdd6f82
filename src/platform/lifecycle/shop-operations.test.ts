import { expect, it } from "vitest";
import { silentLog } from "../../../tests/store-database.ts";
import { OperationRefused } from "./operations.ts";
import { OwnProcess } from "./own-process.ts";
import { ShopOperations } from "./shop-operations.ts";

function shop(names: readonly string[]) {
  const told: string[] = [];
  const operations: ShopOperations = new ShopOperations({
    processes: new Map(names.map((name) => [name, processOf(name)])),
    told: (service, what) => told.push(`${service} ${what}`),
  });
  function processOf(name: string): OwnProcess {
    return new OwnProcess({
      service: { name, async leave() {}, async comeBack() {} },
      wanted: () => operations.replicasOf(name),
      start: async () => ({
        serving: Promise.resolve({ origin: "http://127.0.0.1:1" }),
        ended: new Promise(() => {}),
        async end() {},
      }),
      log: silentLog,
    });
  }
  return { operations, told };
}

it("a service is scaled, and scaled back with all others", async () => {
  const { operations } = shop(["cart", "quote"]);
  expect(await operations.scale("cart", 3)).toBe("cart runs as 3 processes of its own, which are called in turn.");
  expect(operations.replicasOf("cart")).toBe(3);
  await operations.unscale();
  expect([operations.replicasOf("cart"), await operations.scale("cart", 1)]).toEqual([
    0,
    "cart runs once, in the process of the shop.",
  ]);
});

it("a restart in the shop's process is told as a stop and a start, one in a process of its own is not", async () => {
  const { operations, told } = shop(["cart"]);
  await operations.restart("cart");
  expect(told).toEqual(["cart stopping", "cart started"]);
  await operations.scale("cart", 2);
  expect(await operations.restart("cart")).toContain("2 new processes");
  expect(told).toHaveLength(2);
});

it("there are no more processes than a machine has room for", async () => {
  const { operations } = shop(["a", "b", "c"]);
  for (const name of ["a", "b"]) await operations.scale(name, 5);
  operations.checkScale("c", 2);
  expect(() => operations.checkScale("c", 3)).toThrow(OperationRefused);
  expect(() => operations.checkScale("c", 3)).toThrow("scale a, b to 1 first");
  operations.checkScale("b", 1);
});

it("what cannot move is refused, with those that can", () => {
  const { operations } = shop(["cart"]);
  expect(() => operations.checkRestart("frontend-proxy")).toThrow(/without the shop.*: cart/);
});
