import { chmod, mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { expectBooksAgree } from "./books.ts";
import { api, Customer, flashlight } from "./customer.ts";
import { eventually } from "./eventually.ts";
import { OrreryProcess } from "./orrery-process.ts";
import { startShop } from "./shop.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orrery-shutdown-"));
  // Started as root, PostgreSQL runs as another user, and keeps its files elsewhere when that user cannot get here.
  await chmod(folder, 0o755);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function up(environment: Readonly<Record<string, string>> = {}) {
  const shop = new OrreryProcess(["up", "--no-load", "--port", "0", "--data-dir", folder], environment);
  const [, url = ""] = await shop.says(/The shop +(http\S+)\//);
  const [, host = "", port = ""] = await shop.says(/psql -h (\S+) -p (\d+)/);
  await shop.says(/Ctrl-C/);
  const sql = postgres({ host, port: Number(port), database: "astronomy_db", username: "postgres", max: 1 });
  return { shop, url, sql };
}

describe("a shop that is told to stop under load", () => {
  it("answers every request that it took up, loses no order, and finds them all at its next start", {
    timeout: 120_000,
  }, async () => {
    const first = await up();
    const orders: { readonly userId: string; readonly orderId: string }[] = [];
    const refused: unknown[] = [];
    /** Whose order met a connection that was not taken up any more. */
    const unanswered: string[] = [];
    let isOver = false;
    const shopper = async () => {
      while (!isOver) {
        const customer = new Customer(first.url);
        const put = await customer.puts(flashlight).catch(() => undefined);
        if (put === undefined) return;
        if (put.status !== 200) refused.push(put);
        const answer = await customer.checksOut().catch(() => undefined);
        if (answer === undefined) {
          unanswered.push(customer.userId);
          return;
        }
        if (answer.status === 200) orders.push({ userId: customer.userId, orderId: answer.body.orderId });
        else refused.push(answer);
      }
    };
    const shoppers = Array.from({ length: 16 }, shopper);
    await eventually(() => expect(orders.length).toBeGreaterThan(30), 30_000);
    await first.sql.end({ timeout: 1 });
    const tookMs = await first.shop.terminate();
    isOver = true;
    await Promise.all(shoppers);
    expect(refused).toEqual([]);
    expect(tookMs).toBeLessThan(10_000);

    const second = await up();
    const known = await expectBooksAgree(second.sql);
    expect(known.map(({ state }) => state)).toEqual(orders.map(() => "placed"));
    expect(known.map(({ order_id }) => order_id).sort()).toEqual(orders.map(({ orderId }) => orderId).sort());
    const taken = known.filter(({ user_id }) => unanswered.includes(user_id));
    expect(taken, "what was not answered was not begun").toEqual([]);
    for (const { userId, orderId } of orders.slice(-5)) {
      expect(await api(second.url, `/api/orders/${orderId}?sessionId=${userId}`)).toMatchObject({ status: 200 });
    }
    await second.sql.end();

    // While it runs, its folder is its own.
    const third = new OrreryProcess(["up", "--no-load", "--port", "0", "--data-dir", folder]);
    expect(await third.fails()).toEqual([expect.stringContaining(folder)]);
    await second.shop.terminate();
  });
});

describe("a shop whose dependencies hang", () => {
  it("stops in time: orders under way are taken up at the next start", { timeout: 120_000, retry: 1 }, async () => {
    const shop = await startShop({ environment: { LOG_LEVEL: "silent" } });
    const hanging = async (target: string) => {
      const customer = new Customer(shop.url);
      await customer.puts(flashlight);
      const { headers } = shop.network.breaks({ target, kind: "hanging" });
      return api(shop.url, "/api/checkout", { body: customer.order(), headers }).catch(() => undefined);
    };
    const reached = (...wanted: readonly string[]) =>
      eventually(async () => {
        const states = await shop.sql<{ state: string }[]>`select state from checkout.orders order by state`;
        expect(states.map(({ state }) => state)).toEqual(wanted);
      }, 20_000);
    // The shortest last: a charge is waited for five seconds, a shipment for twelve.
    const answers = [hanging("oteldemo.EmailService")];
    await reached("placed");
    answers.push(hanging("oteldemo.ShippingService/ShipOrder"));
    await reached("charged", "placed");
    answers.push(hanging("oteldemo.PaymentService"));
    await reached("charged", "pending", "placed");
    // One that recovery works on, too.
    await shop.sql`update checkout.orders set updated_at = now() - interval '1 minute' where state = 'charged'`;
    const begun = performance.now();
    await shop.stop();
    expect(performance.now() - begun).toBeLessThan(10_000);
    await Promise.all(answers);
  });
});

describe("a start that cannot be", () => {
  const ephemeral = ["up", "--no-load", "--ephemeral", "--port", "0"];

  it("for a port of OTLP that is taken, is one clear line and leaves nothing running", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const ports = { OTLP_GRPC_PORT: "0", OTLP_HTTP_PORT: String(port) };
    const shop = new OrreryProcess([...ephemeral, "--otlp"], ports);
    onTestFinished(() => shop.kill());
    const lines = await shop.fails();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(String(port));
  });

  it.each<[string, readonly string[], Readonly<Record<string, string>>, RegExp]>([
    ["a wrong value", ephemeral, { LOG_LEVEL: "loud" }, /LOG_LEVEL=loud.*trace.*silent/],
    ["a secret that is too short", ephemeral, { ORRERY_SECRET: "short" }, /ORRERY_SECRET.*16/],
    ["an origin that is none", ephemeral, { ALLOWED_ORIGINS: "shop.example" }, /ALLOWED_ORIGINS.*shop\.example/],
    ["a port that is none", ["up", "--ephemeral"], { ENVOY_PORT: "http" }, /ENVOY_PORT.*http|port.*http/],
    ["Valkey", ephemeral, { VALKEY_ADDR: "valkey:6379" }, /VALKEY_ADDR/],
    ["Kafka", ephemeral, { KAFKA_ADDR: "kafka:9092" }, /KAFKA_ADDR/],
    [
      "a Valkey that is none",
      ["serve", "cart"],
      { CART_PORT: "0", VALKEY_ADDR: "valkey" },
      /VALKEY_ADDR=valkey.*host:port/,
    ],
    [
      "a broker without a port",
      ["serve", "accounting"],
      { ACCOUNTING_PORT: "0", KAFKA_ADDR: "kafka" },
      /KAFKA_ADDR=kafka .*host:port/,
    ],
    ["a service that there is not", ["serve", "carts"], {}, /"carts".*cart, /],
    ["a database that is none", ["serve", "cart"], { DB_CONNECTION_STRING: "mysql://x" }, /DB_CONNECTION_STRING/],
    ["an address that is none", ["serve", "shipping"], { SHIPPING_PORT: "0", QUOTE_ADDR: "quote" }, /QUOTE_ADDR=quote/],
  ])("for %s, is one clear line and exit code 1", async (_, args, environment, line) => {
    const lines = await new OrreryProcess(args, environment).fails();
    expect(lines[0]).toMatch(line);
    expect(lines.join("\n")).not.toMatch(/^ +at /m);
    expect(lines.length).toBeLessThanOrEqual(args.includes("--port") || args[0] === "serve" ? 1 : 2);
  });

  it("for a port that is taken, is one clear line and exit code 1", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";
    const lines = await new OrreryProcess(["up", "--ephemeral", "--port", port]).fails();
    expect(lines).toEqual([expect.stringMatching(`Port ${port} .*taken`)]);
  });
});
