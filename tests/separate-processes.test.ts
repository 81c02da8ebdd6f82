import postgres from "postgres";
import { expect, it, onTestFinished } from "vitest";
import { createTestDatabase } from "../src/platform/sql/testing.ts";
import { services } from "../src/services/index.ts";
import { expectBooksAgree } from "./books.ts";
import { api, Customer, flashlight, telescope } from "./customer.ts";
import { eventually } from "./eventually.ts";
import { freePort, OrreryProcess } from "./orrery-process.ts";

/** How the services are spread: what is called over the network is what this test is about. */
const priced = ["quote", "currency", "email"];
const shipping = ["shipping"];
const rest = services.map(({ name }) => name).filter((name) => ![...priced, ...shipping].includes(name));

it("the shop sells as three groups of processes, over gRPC and over the OpenTelemetry Demo's JSON", async () => {
  const database = await createTestDatabase();
  const { host, port, database: name, username } = database.connection;
  const sql = postgres({ ...database.connection, max: 1, onnotice: () => {} });
  const environment: Record<string, string> = {
    LOG_LEVEL: "info",
    ORRERY_SECRET: "a secret that all of them share",
    DB_CONNECTION_STRING: `postgres://${username}@localhost:${port}/${name}?host=${encodeURIComponent(host)}`,
  };
  const ports = new Map<string, number>();
  for (const service of services) {
    const own = await freePort();
    ports.set(service.name, own);
    environment[service.port.variable] = String(own);
    if (service.address !== undefined) environment[service.address] = `127.0.0.1:${own}`;
  }
  const url = `http://127.0.0.1:${ports.get("frontend-proxy")}`;
  const running = new Set<OrreryProcess>();
  const serve = (names: readonly string[], changes: Readonly<Record<string, string>> = {}) => {
    const started = new OrreryProcess(["serve", ...names], { ...environment, ...changes });
    running.add(started);
    return started;
  };
  const terminate = async (processes: Iterable<OrreryProcess>) => {
    await Promise.all(
      [...processes].map(async (process) => {
        running.delete(process);
        expect(await process.terminate()).toBeLessThan(10_000);
      }),
    );
  };
  onTestFinished(async () => {
    await Promise.allSettled([...running].map((process) => process.terminate()));
    await sql.end({ timeout: 1 });
    await database.drop();
  });

  async function buy(): Promise<string> {
    await eventually(async () => {
      expect(await api(url, "/api/shipping?currencyCode=EUR&itemList=[]")).toMatchObject({ status: 200 });
    }, 20_000);
    const customer = new Customer(url);
    await customer.puts(flashlight, 2);
    await customer.puts(telescope);
    const answer = await customer.checksOut({ key: "once" });
    expect(answer).toMatchObject({ status: 200, body: { shippingCost: { currencyCode: "EUR", units: 23 } } });
    expect(await customer.checksOut({ key: "once" })).toEqual(expect.objectContaining({ body: answer.body }));
    expect(await api(url, `/api/orders?sessionId=${customer.userId}`)).toMatchObject({
      body: [{ orderId: answer.body.orderId, itemCount: 3 }],
    });
    await expectBooksAgree(sql);
    const mail = await api(url, `/mail/${answer.body.orderId}.txt`);
    expect(mail.body).toContain("Red Flashlight");
    return answer.body.orderId;
  }

  serve(priced);
  const spokenTo = [serve(shipping), serve(rest)];
  await buy();

  // The services that the OpenTelemetry Demo calls over plain HTTP, called that way.
  await terminate(spokenTo);
  const asUrl = (service: string) => `http://127.0.0.1:${ports.get(service)}`;
  serve(shipping, { QUOTE_ADDR: asUrl("quote") });
  serve(rest, { SHIPPING_ADDR: asUrl("shipping"), EMAIL_ADDR: asUrl("email") });
  await buy();
  await terminate(running);
}, 90_000);
