import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient, RESP_TYPES } from "@redis/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { CartSchema, CartService } from "../../gen/oteldemo/cart_pb.ts";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { createLogger } from "../../src/platform/logging/logger.ts";
import { errorInfo } from "../../src/platform/rpc/errors.ts";
import { isStoreUnavailable } from "../../src/platform/sql/store-unavailable.ts";
import { openValkey } from "../../src/platform/valkey/valkey.ts";
import { addLine } from "../../src/services/cart/cart.ts";
import { cartStoreContract } from "../../src/services/cart/cart-store-contract.ts";
import { valkeyCartStore } from "../../src/services/cart/store-valkey.ts";
import type { RunningEngine } from "../../src/stack/engines/running-engine.ts";
import { valkey } from "../../src/stack/engines/valkey.ts";
import { api } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";
import { remoteClient } from "../remote-client.ts";
import { startTestEngine, type TestEngine } from "./native-engine.ts";
import { startTcpRelay } from "./tcp-relay.ts";

const log = createLogger({ level: "silent" });
let engine: RunningEngine;
let carts: TestEngine;

beforeAll(async () => {
  carts = await startTestEngine(valkey);
  ({ engine } = carts);
});
afterAll(() => carts?.remove());

/** What another program sees and does there. */
async function outsider() {
  const client = createClient({
    socket: { host: "127.0.0.1", port: engine.ports.server ?? 0 },
    disableClientInfo: true,
  });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  return client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
}

async function openStore(changes: { readonly password?: string } = {}) {
  const address = { host: "127.0.0.1", port: engine.ports.server ?? 0, isEncrypted: false, ...changes };
  const connection = openValkey(address, log);
  onTestFinished(() => connection.close());
  return { connection, store: valkeyCartStore(connection) };
}

async function connected() {
  const { connection, store } = await openStore();
  await eventually(async () => expect(await connection.isReachable()).toBe(true));
  return store;
}

async function expireAll(): Promise<void> {
  const client = await outsider();
  for (const key of (await client.keys("*")) as unknown as Buffer[]) await client.pExpire(key, 0);
}

beforeEach(async () => {
  await (await outsider()).flushAll();
});

cartStoreContract("Valkey", async () => ({ store: await connected(), expireAll }));

const put = (productId: string, quantity: number) => (cart: Parameters<typeof addLine>[0]) =>
  addLine(cart, { productId, quantity });

describe("carts in Valkey", () => {
  it("are what the OpenTelemetry Demo's cart service reads: a hash by the user's id, kept for an hour", async () => {
    const store = await connected();
    await store.update("ada", put("A", 2));
    const client = await outsider();
    const cart = fromBinary(CartSchema, (await client.hGet("ada", "cart")) as unknown as Buffer);
    expect(cart).toMatchObject({ userId: "ada", items: [{ productId: "A", quantity: 2 }] });
    expect(await client.ttl("ada")).toBeGreaterThan(3_590);

    await store.clear("ada");
    const cleared = fromBinary(CartSchema, (await client.hGet("ada", "cart")) as unknown as Buffer);
    expect(cleared).toMatchObject({ userId: "ada", items: [] });
  });

  it("that the OpenTelemetry Demo's cart service wrote are read, emptied ones and its probe included", async () => {
    const client = await outsider();
    const items = [
      { productId: "A", quantity: 3 },
      { productId: "B", quantity: 0 },
    ];
    await client.hSet("ada", "cart", Buffer.from(toBinary(CartSchema, create(CartSchema, { userId: "", items }))));
    await client.hSet("bob", "cart", Buffer.alloc(0));
    await client.set("cart", "OK");
    const store = await connected();
    expect(await store.get("ada")).toEqual({ lines: [{ productId: "A", quantity: 3 }] });
    expect(await store.get("bob")).toEqual({ lines: [] });
    await store.update("bob", put("C", 1));
    expect(await store.get("bob")).toEqual({ lines: [{ productId: "C", quantity: 1 }] });
    expect(await store.get("cart")).toEqual({ lines: [] });
    await store.clear("cart");
    expect(String(await client.get("cart"))).toBe("OK");
  });

  it("survive a restart of the server, and meanwhile errors are clear and quick", async () => {
    const store = await connected();
    await store.update("ada", put("A", 1));
    await engine.stop();
    const begun = performance.now();
    const failure = await store.get("ada").catch((error: unknown) => error);
    expect(isStoreUnavailable(failure)).toBe(true);
    // Far above what failing at once takes, far below any timeout that a caller has.
    expect(performance.now() - begun).toBeLessThan(2_500);
    expect(await store.isReachable()).toBe(false);
    await engine.start();
    await eventually(async () => expect(await store.isReachable()).toBe(true));
    expect(await store.get("ada")).toEqual({ lines: [{ productId: "A", quantity: 1 }] });
  });

  it("can be had as soon as the server is there, when it comes after the service", async () => {
    await engine.stop();
    const { store } = await openStore();
    expect(await store.isReachable()).toBe(false);
    await engine.start();
    await eventually(async () => expect(await store.get("ada")).toEqual({ lines: [] }));
  });

  it("are refused in seconds while the server hangs; the service is not ready then, but alive", async () => {
    const port = await freePort();
    const service = new OrreryProcess(["serve", "cart"], { CART_PORT: String(port), VALKEY_ADDR: engine.address });
    onTestFinished(() => service.kill());
    const origin = `http://127.0.0.1:${port}`;
    const state = async (name: string) => {
      const answer = await api(origin, "/grpc.health.v1.Health/Check", { body: { service: name } });
      return answer.body.status;
    };
    await eventually(async () => expect(await state("readiness")).toBe("SERVING"), 30_000);
    const client = remoteClient(origin, CartService);

    const { pid } = engine;
    if (pid === undefined) throw new Error("Valkey does not run");
    process.kill(pid, "SIGSTOP");
    onTestFinished(() => void (engine.pid === pid && process.kill(pid, "SIGCONT")));
    const failure = await client.getCart({ userId: "ada" }, { timeoutMs: 10_000 }).catch((error: unknown) => error);
    expect(errorInfo(failure)?.reason).toBe("STORE_UNAVAILABLE");
    await eventually(async () => expect(await state("readiness")).toBe("NOT_SERVING"), 30_000);
    expect(await state("liveness")).toBe("SERVING");

    process.kill(pid, "SIGCONT");
    await eventually(async () => expect(await state("readiness")).toBe("SERVING"), 30_000);
    expect(await client.getCart({ userId: "ada" })).toMatchObject({ items: [] });
  });

  it("are found again by another connection when one is dead and nobody has said so", async () => {
    const relay = await startTcpRelay(0, () => engine.ports.server ?? 0);
    onTestFinished(() => relay.close());
    const lines: string[] = [];
    const valkeyBehind = openValkey(
      { host: "127.0.0.1", port: relay.port, isEncrypted: false },
      createLogger({ level: "warn", destination: { write: (line) => void lines.push(JSON.parse(line).message) } }),
    );
    onTestFinished(() => valkeyBehind.close());
    const store = valkeyCartStore(valkeyBehind);
    await eventually(async () => expect(await store.get("ada")).toEqual({ lines: [] }));
    relay.strand();
    for (let call = 0; call < 2; call++) {
      expect(isStoreUnavailable(await store.get("ada").catch((error: unknown) => error))).toBe(true);
    }
    await eventually(async () => expect(await store.get("ada")).toEqual({ lines: [] }), 40_000);
    const server = `Valkey at 127.0.0.1:${relay.port}`;
    expect(lines).toEqual([`${server} hangs`, `${server} is back`]);
  });

  it("survive a server that is killed", async () => {
    const store = await connected();
    await store.update("ada", put("A", 1));
    // The file is written at once, and flushed to the disk within the second.
    await engine.kill();
    await engine.start();
    await eventually(async () => expect(await store.get("ada")).toEqual({ lines: [{ productId: "A", quantity: 1 }] }));
  });

  it("cannot be had with a wrong password, and can when it is right again", async () => {
    const client = await outsider();
    await client.configSet("requirepass", "correct horse");
    const { store } = await openStore({ password: "battery staple" });
    const known = await openStore({ password: "correct horse" });
    await eventually(async () => expect(await known.store.isReachable()).toBe(true));
    await known.store.update("ada", put("A", 1));
    const failure = await store.get("ada").catch((error: unknown) => error);
    expect(isStoreUnavailable(failure)).toBe(true);
    expect(await store.isReachable()).toBe(false);
    await client.configSet("requirepass", "");
    await eventually(async () => expect(await store.get("ada")).toMatchObject({ lines: [{ productId: "A" }] }));
  });

  it("are kept when the server's memory is full: reading goes on, changes are refused clearly", async () => {
    const store = await connected();
    await store.update("ada", put("A", 1));
    const client = await outsider();
    await client.configSet("maxmemory", "1");
    onTestFinished(async () => void (await (await outsider()).configSet("maxmemory", "0")));
    const failure = await store.update("ada", put("A", 1)).catch((error: unknown) => error);
    expect(isStoreUnavailable(failure)).toBe(true);
    expect(String(failure)).toContain("OOM");
    expect(await store.get("ada")).toEqual({ lines: [{ productId: "A", quantity: 1 }] });
  });
});
