import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient } from "@redis/client";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { expectBooksAgree } from "../books.ts";
import { launchBrowser, newShopper } from "../browser/browser.ts";
import { type ApiAnswer, api, Customer, flashlight, telescope } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { type NativeMesh, startNativeMesh } from "./native-mesh.ts";

let mesh: NativeMesh;
beforeAll(async () => {
  const replicas = new Map([
    ["cart", 3],
    ["product-catalog", 2],
    ["frontend", 2],
    ["checkout", 2],
  ]);
  mesh = await startNativeMesh({ replicas, restarts: true });
}, 120_000);
afterAll(() => mesh?.remove());

/** A shopper who does not give up: repeats what failed, the order under its key, until the shop has taken it. */
async function buys(url: string): Promise<string> {
  const customer = new Customer(url);
  const taken = (call: () => Promise<ApiAnswer>) =>
    eventually(async () => {
      const answer = await call();
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      return answer;
    }, 60_000);
  await taken(() => customer.puts(flashlight, 2));
  await taken(() => customer.puts(telescope));
  const { body } = await taken(() => customer.checksOut({ key: customer.userId }));
  return body.orderId;
}

/** How many requests Envoy has sent to an instance. */
async function requestsByEnvoy(address: string): Promise<number> {
  const clusters = await (await fetch(`http://${mesh.stack.addressOf("envoy", "admin")}/clusters`)).text();
  const line = clusters.split("\n").find((each) => each.includes(`::${address}::rq_total::`));
  return Number(line?.split("::").at(-1));
}

/** What PostgreSQL does when one of its processes crashes: it ends all sessions and recovers. */
async function crashPostgres(): Promise<void> {
  const [backend] = await mesh.sql<{ pid: number }[]>`
    select pid from pg_stat_activity where usename = 'checkout' and backend_type = 'client backend' limit 1`;
  if (backend === undefined) throw new Error("checkout has no session");
  process.kill(backend.pid, "SIGKILL");
}

describe("the mesh of real engines, every service a process of its own", () => {
  it("sells through Envoy; orders go through Kafka, carts through Valkey, and all books agree", async () => {
    const { stack, sql } = mesh;
    const orderIds = await Promise.all(Array.from({ length: 5 }, () => buys(stack.url)));
    const orders = await expectBooksAgree(sql);
    expect(orders.map(({ order_id }) => order_id).toSorted()).toEqual(orderIds.toSorted());
    const [events] = await sql`select to_regclass('events.log') as log`;
    expect(events?.log).toBeNull();
    const carts = createClient({ url: `redis://${stack.addressOf("valkey")}` });
    await carts.connect();
    expect(await carts.dbSize()).toBe(5);
    carts.destroy();
  });

  it("shows what a shopper has bought in a browser as one trace in Jaeger, from the click to the last consumer", async () => {
    const { stack } = mesh;
    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    const page = await (await newShopper(browser, stack.url)).newPage();
    await page.goto(`/product/${telescope}`);
    await page.locator('[data-cy="product-add-to-cart"]').click();
    await page.locator('[data-cy="checkout-place-order"]').click();
    await page.waitForURL("**/cart/checkout/*");
    const orderId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    const query = new URLSearchParams({
      service: "checkout",
      tags: JSON.stringify({ "demo.order.id": orderId }),
      lookback: "1h",
      limit: "20",
    });
    const bought = [
      "accounting",
      "cart",
      "checkout",
      "currency",
      "email",
      "fraud-detection",
      "frontend",
      "frontend-proxy",
      "frontend-web",
      "payment",
      "product-catalog",
      "quote",
      "shipping",
    ];
    await eventually(async () => {
      const { body } = await api(stack.url, `/jaeger/ui/api/traces?${query}`);
      const [trace, ...others] = body.data as { processes: Record<string, { serviceName: string }> }[];
      const seen = new Set(Object.values(trace?.processes ?? {}).map(({ serviceName }) => serviceName));
      expect([...seen].toSorted()).toEqual(bought);
      expect(others).toEqual([]);
    }, 60_000);
  });

  it("gives each service a role that sees its own data only", async () => {
    const { host, port, database } = mesh.stack.database;
    const payment = postgres({ host, port, database, username: "payment", max: 1, onnotice: () => {} });
    try {
      await expect(payment`select * from checkout.orders`).rejects.toThrow("permission denied for schema checkout");
      await expect(payment`select count(*) from payment.charges`).resolves.toHaveLength(1);
    } finally {
      await payment.end();
    }
  });

  it("is not noticed by shoppers when the replicas of a service are restarted one after the other", async () => {
    const { stack, sql } = mesh;
    let isOver = false;
    const failures: unknown[] = [];
    let stopping = "";
    let requests = 0;
    const asks = async (call: () => Promise<ApiAnswer>) => {
      const { status, body } = await call();
      requests++;
      if (status !== 200) failures.push({ stopping, status, body });
    };
    const shoppers = Array.from({ length: 2 }, async () => {
      while (!isOver) {
        const customer = new Customer(stack.url);
        await asks(() => api(stack.url, "/api/products?currencyCode=EUR"));
        await asks(() => customer.puts(flashlight));
        await asks(() => api(stack.url, `/api/cart?sessionId=${customer.userId}&currencyCode=CHF`));
        await asks(() => customer.checksOut({ key: customer.userId }));
      }
    });
    for (const name of [
      "cart",
      "cart-2",
      "cart-3",
      "product-catalog",
      "product-catalog-2",
      "frontend",
      "frontend-2",
      "checkout",
      "checkout-2",
    ]) {
      const before = requests;
      stopping = name;
      await stack.program(name).stop();
      await eventually(() => expect(stack.program(name).isReady).toBe(true), 30_000);
      // An orchestrator waits, too, before it stops the next: here until Envoy has found the one that is back.
      if (name.startsWith("frontend")) {
        const address = stack.program(name).address;
        const sent = await requestsByEnvoy(address);
        await eventually(async () => expect(await requestsByEnvoy(address)).toBeGreaterThan(sent), 60_000);
      }
      await eventually(() => expect(requests).toBeGreaterThan(before + 20), 30_000);
    }
    isOver = true;
    await Promise.all(shoppers);
    expect(failures).toEqual([]);
    await expectBooksAgree(sql);
  }, 200_000);

  it("loses nothing and doubles nothing while each part is killed under load", async () => {
    const { stack, sql } = mesh;
    const orderIds: string[] = [];
    let isOver = false;
    const shoppers = Array.from({ length: 3 }, async () => {
      while (!isOver) orderIds.push(await buys(stack.url));
    });
    const parts = [
      "kafka",
      "valkey",
      "envoy",
      "checkout",
      "payment",
      "cart",
      "accounting",
      "fraud-detection",
      "shipping",
    ];
    for (const name of parts) {
      const before = orderIds.length;
      const { pid } = stack.program(name);
      await stack.program(name).kill();
      // Back, and so is buying.
      await eventually(() => expect(stack.program(name).isReady).toBe(true), 30_000);
      expect(stack.program(name).pid).not.toBe(pid);
      await eventually(() => expect(orderIds.length).toBeGreaterThan(before + 3), 60_000);
    }
    await crashPostgres();
    const before = orderIds.length;
    await eventually(() => expect(orderIds.length).toBeGreaterThan(before + 3), 60_000);
    isOver = true;
    await Promise.all(shoppers);
    const orders = await expectBooksAgree(sql, { withinMs: 60_000 });
    const placed = new Set(orders.filter(({ state }) => state === "placed").map(({ order_id }) => order_id));
    for (const orderId of orderIds) expect(placed).toContain(orderId);
  }, 300_000);

  it("answers requests of every kind at Envoy while all of it runs", async () => {
    const { url } = mesh.stack;
    expect(await api(url, "/api/products?currencyCode=EUR")).toMatchObject({ status: 200 });
    expect((await fetch(`${url}/observatory/`)).status).toBe(200);
    const cli = join(import.meta.dirname, "../../node_modules/@bufbuild/buf/bin/buf");
    const { stdout } = await promisify(execFile)(process.execPath, [
      cli,
      "curl",
      "--http2-prior-knowledge",
      "--protocol",
      "grpc",
      "-d",
      '{"user_id":"nobody"}',
      `${url}/oteldemo.CartService/GetCart`,
    ]);
    expect(JSON.parse(stdout)).toEqual({ userId: "nobody" });
  });
});
