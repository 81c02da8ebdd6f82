import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient } from "@redis/client";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { services } from "../../src/services/index.ts";
import { engines } from "../../src/stack/engines/index.ts";
import { expectBooksAgree } from "../books.ts";
import { launchBrowser, newShopper } from "../browser/browser.ts";
import { type ApiAnswer, api, Customer, flashlight, telescope } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { type NativeMesh, startNativeMesh } from "./native-mesh.ts";
import { missingFromOrder, newTrace, type OwnTrace, orderServices, traceIn } from "./order-trace.ts";

/** All that shoppers wait for has more than one process. What only reads events or watches has one. */
const replicas = new Map(
  services
    .filter(({ name, address, isUntraced, isOptional }) => {
      return address !== undefined && !isUntraced && !isOptional && name !== "frontend-proxy";
    })
    .map(({ name }) => [name, name === "cart" ? 3 : 2]),
);

let mesh: NativeMesh;
beforeAll(async () => {
  mesh = await startNativeMesh({ replicas, restarts: true, environment: { OTEL_METRIC_EXPORT_INTERVAL: "2000" } });
}, 120_000);
afterAll(() => mesh?.remove());

/** The names of all processes of a service, or of the one of an engine. */
function processesOf(name: string): readonly string[] {
  return Array.from({ length: replicas.get(name) ?? 1 }, (_, index) => (index === 0 ? name : `${name}-${index + 1}`));
}

const jaegerUrl = () => `http://${mesh.stack.addressOf("jaeger")}`;

/** What Prometheus has for an expression: the values by a label. */
async function measured(query: string, label = ""): Promise<ReadonlyMap<string, number>> {
  const url = `http://${mesh.stack.addressOf("prometheus")}`;
  const { status, body } = await api(url, `/api/v1/query?${new URLSearchParams({ query })}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return new Map(
    body.data.result.map(({ metric, value }: { metric: Record<string, string>; value: [number, string] }) => [
      metric[label] ?? "",
      Number(value[1]),
    ]),
  );
}

/** The labels, structured metadata among them, of Loki's records. */
async function recorded(query: string): Promise<readonly Readonly<Record<string, string>>[]> {
  const url = `http://${mesh.stack.addressOf("loki")}`;
  const { status, body } = await api(url, `/loki/api/v1/query_range?${new URLSearchParams({ query, limit: "1000" })}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.result.map(({ stream }: { stream: Record<string, string> }) => stream);
}

/** A shopper who does not give up: repeats what failed, the order under its key, until the shop has taken it. */
async function buys(url: string, headers?: Readonly<Record<string, string>>): Promise<string> {
  const customer = new Customer(url);
  const taken = (call: () => Promise<ApiAnswer>) =>
    eventually(async () => {
      const answer = await call();
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      return answer;
    }, 60_000);
  await taken(() => customer.puts(flashlight, 2));
  await taken(() => customer.puts(telescope));
  const { body } = await taken(() => customer.checksOut({ key: customer.userId, ...(headers && { headers }) }));
  return body.orderId;
}

/** How many requests Envoy has sent to an instance. */
async function requestsByEnvoy(address: string): Promise<number> {
  const clusters = await (await fetch(`http://${mesh.stack.addressOf("envoy", "admin")}/clusters`)).text();
  const line = clusters.split("\n").find((each) => each.includes(`::${address}::rq_total::`));
  return Number(line?.split("::").at(-1));
}

/** The process that all others of PostgreSQL come from. */
async function postmaster(): Promise<number> {
  const [row] = await mesh.sql<{ pid: number }[]>`
    select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid`;
  if (row === undefined) throw new Error("A server that answers has a process");
  return row.pid;
}

/** What PostgreSQL does when one of its processes crashes: it ends all sessions and recovers. */
async function crashSession(): Promise<void> {
  const [backend] = await mesh.sql<{ pid: number }[]>`
    select pid from pg_stat_activity where usename = 'checkout' and backend_type = 'client backend' limit 1`;
  if (backend === undefined) throw new Error("checkout has no session");
  process.kill(backend.pid, "SIGKILL");
}

/** What is left of PostgreSQL without its first process ends, and it is started anew. */
async function crashPostgres(): Promise<void> {
  const pid = await postmaster();
  process.kill(pid, "SIGKILL");
  await eventually(async () => expect(await postmaster()).not.toBe(pid), 60_000);
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
    const bought = [...orderServices, "frontend-web"].toSorted();
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

  it("asks each of three carts for a third of what there is to do, give or take a tenth", async () => {
    const { stack } = mesh;
    const readers = Array.from({ length: 8 }, async () => {
      for (let count = 0; count < 30; count++) {
        const { status } = await api(stack.url, "/api/cart?sessionId=nobody&currencyCode=EUR");
        expect(status).toBe(200);
      }
    });
    await Promise.all(readers);
    const calls =
      'rpc_server_call_duration_seconds_count{service_name="cart",rpc_method="oteldemo.CartService/GetCart"}';
    await eventually(async () => {
      const byInstance = [...(await measured(`sum by (instance) (${calls})`, "instance")).values()];
      const all = byInstance.reduce((sum, each) => sum + each, 0);
      expect(all).toBeGreaterThanOrEqual(240);
      expect(byInstance).toHaveLength(3);
      for (const each of byInstance) {
        expect(each / all, String(byInstance)).toBeGreaterThan(0.23);
        expect(each / all, String(byInstance)).toBeLessThan(0.43);
      }
    }, 30_000);
  });

  it("is not noticed by shoppers, nor lost from telemetry, when every process is stopped and started again", async () => {
    const { stack, sql } = mesh;
    let isOver = false;
    const failures: unknown[] = [];
    let stopping: readonly string[] = [];
    let requests = 0;
    const traces: OwnTrace[] = [];
    const asks = async (call: () => Promise<ApiAnswer>) => {
      const { status, body } = await call();
      requests++;
      if (status !== 200) failures.push({ stopping, status, body });
    };
    const shoppers = Array.from({ length: 2 }, async () => {
      while (!isOver) {
        const customer = new Customer(stack.url);
        const trace = newTrace();
        for (const path of [
          "/api/products?currencyCode=EUR",
          `/api/recommendations?productIds=${flashlight}&sessionId=s&currencyCode=EUR`,
          "/api/data?contextKeys=telescopes",
          "/images/products/SolarFilter.jpg",
        ]) {
          await asks(() => api(stack.url, path));
        }
        await asks(() => customer.puts(flashlight));
        await asks(() => api(stack.url, `/api/cart?sessionId=${customer.userId}&currencyCode=CHF`));
        const { traceparent } = trace;
        await asks(() => customer.checksOut({ key: customer.userId, headers: { traceparent } }));
        traces.push(trace);
      }
    });
    const ownProcesses = services.filter(({ name }) => name !== "frontend-proxy").map(({ name }) => processesOf(name));
    const most = Math.max(...ownProcesses.map(({ length }) => length));
    // One replica of each service, then the next: several services at once, no service twice.
    const inTurn = Array.from({ length: most }, (_, index) =>
      ownProcesses.flatMap((names) => names[index] ?? []),
    ).flat();
    const stopped: string[] = [];
    while (inTurn.length > 0) {
      stopping = inTurn.splice(0, 4);
      const before = requests;
      const endings = stopping.map(async (name) => {
        const program = stack.program(name);
        stopped.push(String(program.pid));
        const ended = program.ended();
        await program.stop();
        return `${name}: ${await ended}`;
      });
      // By itself, which is what a status says: what takes too long is killed.
      expect(await Promise.all(endings)).toEqual(stopping.map((name) => `${name}: 0`));
      for (const name of stopping) await eventually(() => expect(stack.program(name).isReady, name).toBe(true), 30_000);
      // An orchestrator waits, too, before it stops the next: here until Envoy has found the ones that are back.
      for (const name of stopping) {
        if (!/^(frontend|image-provider)(-\d)?$/.test(name)) continue;
        const { address } = stack.program(name);
        const sent = await requestsByEnvoy(address);
        await eventually(async () => expect(await requestsByEnvoy(address), name).toBeGreaterThan(sent), 60_000);
      }
      await eventually(() => expect(requests).toBeGreaterThan(before + 20), 30_000);
    }
    isOver = true;
    await Promise.all(shoppers);
    expect(failures).toEqual([]);
    const orders = await expectBooksAgree(sql);

    await eventually(async () => {
      const last = await recorded('{service_namespace="opentelemetry-demo"} | event_name="process.stop"');
      const told = new Set(last.map(({ process_pid }) => process_pid));
      expect(stopped.filter((pid) => !told.has(pid))).toEqual([]);
      const [placed] = (await measured("sum(last_over_time(demo_order_placed_total[1h]))")).values();
      expect(placed).toBe(orders.filter(({ state }) => state === "placed").length);
      for (const trace of traces) expect(missingFromOrder(await traceIn(jaegerUrl(), trace.id), trace)).toEqual([]);
    }, 60_000);
  }, 300_000);

  it("loses nothing and doubles nothing while each part is killed under load", async () => {
    const { stack, sql } = mesh;
    const orderIds: string[] = [];
    let isOver = false;
    const shoppers = Array.from({ length: 3 }, async () => {
      while (!isOver) orderIds.push(await buys(stack.url));
    });
    const goesOn = async () => {
      const before = orderIds.length;
      await eventually(() => expect(orderIds.length).toBeGreaterThan(before + 3), 60_000);
    };
    const parts = ["checkout", "payment", "cart", "accounting", "fraud-detection", "shipping"];
    for (const part of [...engines.map(({ name }) => name), ...parts]) {
      const programs = processesOf(part).map((name) => stack.program(name));
      const pids = programs.map(({ pid }) => pid);
      await Promise.all(programs.map((program) => program.kill()));
      // Back, and so is buying.
      for (const [index, program] of programs.entries()) {
        await eventually(() => expect(program.isReady, part).toBe(true), 30_000);
        expect(program.pid).not.toBe(pids[index]);
      }
      await goesOn();
    }
    for (const crash of [crashSession, crashPostgres]) {
      await crash();
      await goesOn();
    }
    isOver = true;
    await Promise.all(shoppers);
    const orders = await expectBooksAgree(sql, { withinMs: 60_000 });
    const placed = new Set(orders.filter(({ state }) => state === "placed").map(({ order_id }) => order_id));
    for (const orderId of orderIds) expect(placed).toContain(orderId);

    // What watches is back, too: an order is told of as before.
    const trace = newTrace();
    await buys(stack.url, { traceparent: trace.traceparent });
    await eventually(async () => {
      expect(missingFromOrder(await traceIn(jaegerUrl(), trace.id), trace)).toEqual([]);
      expect(await recorded(`{service_name="checkout"} | trace_id="${trace.id}"`)).not.toEqual([]);
      const [ageSeconds] = (await measured("time() - max(timestamp(demo_order_placed_total))")).values();
      expect(ageSeconds).toBeLessThan(10);
    }, 60_000);
  }, 400_000);

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
