import type { Transport } from "@connectrpc/connect";
import { startShop } from "../src/commands/shop.ts";
import { Stages } from "../src/commands/stages.ts";

// A whole shop as a process of its own that kills itself the hard way when a chosen call between services is made.
// Started by saga-crash.test.ts, which talks to it over the channel of child_process.fork.

/** What the test tells the shop. */
export type ToShop =
  | { readonly kind: "kill at call"; readonly rpc: string; readonly when: "before" | "after" }
  | { readonly kind: "kill in"; readonly ms: number }
  | { readonly kind: "stop" };

/** What the shop tells the test once it is up. */
export interface FromShop {
  readonly url: string;
  readonly database: { readonly host: string; readonly port: number; readonly database: string };
}

let armed: Extract<ToShop, { kind: "kill at call" }> | undefined;

function dieIf(when: "before" | "after", rpc: string): void {
  if (armed?.when === when && armed.rpc === rpc) process.kill(process.pid, "SIGKILL");
}

function killing(inner: Transport): Transport {
  return {
    async unary(method, ...call) {
      dieIf("before", method.name);
      try {
        return await inner.unary(method, ...call);
      } finally {
        dieIf("after", method.name);
      }
    },
    stream: (...call) => inner.stream(...call),
  };
}

const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error("The data folder is missing");
const shop = await startShop(
  { port: 0, host: "127.0.0.1", dataDir, servicePorts: false, logLevel: "error", aroundCalls: killing },
  process.env,
  new Stages({ write: () => true }),
);
process.on("message", (message: ToShop) => {
  switch (message.kind) {
    case "kill at call":
      armed = message;
      process.send?.("armed");
      return;
    case "kill in":
      setTimeout(() => process.kill(process.pid, "SIGKILL"), message.ms);
      return;
    case "stop":
      void shop.stop().then(() => process.disconnect());
  }
});
const { host, port, database } = await shop.databases.addressFor("checkout");
process.send?.({ url: shop.url, database: { host, port, database } } satisfies FromShop);
