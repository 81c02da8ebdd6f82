import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../src/platform/lifecycle/free-port.ts";
import { services } from "../src/services/index.ts";
import { expectBooksAgree } from "./books.ts";
import { api, Customer, flashlight, telescope } from "./customer.ts";
import { eventually } from "./eventually.ts";
import { Mesh } from "./mesh.ts";

const allBut = (names: readonly string[]) => services.map(({ name }) => name).filter((name) => !names.includes(name));

async function openMesh(): Promise<Mesh> {
  const mesh = await Mesh.open();
  onTestFinished(() => mesh.close());
  return mesh;
}

/** Waits until every service that an order needs answers. */
async function isUp({ url }: Mesh): Promise<void> {
  await eventually(async () => {
    expect(await api(url, "/api/shipping?currencyCode=EUR&itemList=[]")).toMatchObject({ status: 200 });
    expect(await api(url, "/api/orders?sessionId=nobody")).toMatchObject({ status: 200 });
  }, 20_000);
}

describe("services in processes of their own", () => {
  it("sell over gRPC, and over the JSON of the OpenTelemetry Demo", async () => {
    const mesh = await openMesh();
    const priced = ["quote", "currency", "email"];
    const shipping = ["shipping"];
    const rest = allBut([...priced, ...shipping]);

    async function buy(): Promise<void> {
      await isUp(mesh);
      const customer = new Customer(mesh.url);
      await customer.puts(flashlight, 2);
      await customer.puts(telescope);
      const answer = await customer.checksOut({ key: "once" });
      expect(answer).toMatchObject({ status: 200, body: { shippingCost: { currencyCode: "EUR", units: 23 } } });
      expect((await customer.checksOut({ key: "once" })).body).toEqual(answer.body);
      expect(await api(mesh.url, `/api/orders?sessionId=${customer.userId}`)).toMatchObject({
        body: [{ orderId: answer.body.orderId, itemCount: 3 }],
      });
      await expectBooksAgree(mesh.sql);
      expect((await api(mesh.url, `/mail/${answer.body.orderId}.txt`)).body).toContain("Red Flashlight");
    }

    mesh.serve(priced);
    const spokenTo = [mesh.serve(shipping), mesh.serve(rest)];
    await buy();

    // The services that the OpenTelemetry Demo calls over plain HTTP, called that way.
    await mesh.terminate(spokenTo);
    mesh.serve(shipping, { QUOTE_ADDR: mesh.urlOf("quote") });
    mesh.serve(rest, { SHIPPING_ADDR: mesh.urlOf("shipping"), EMAIL_ADDR: mesh.urlOf("email") });
    await buy();
    await mesh.terminate();
  }, 90_000);

  it("end the orders of a checkout process that was killed", async () => {
    const mesh = await openMesh();
    mesh.serve(allBut(["checkout"]));
    const placing = mesh.serve(["checkout"]);
    await isUp(mesh);
    const customers = Array.from({ length: 30 }, () => new Customer(mesh.url));
    await Promise.all(customers.map((customer) => customer.puts(flashlight)));
    // It gets no requests, and only looks after what others leave behind.
    mesh.serve(["checkout"], { CHECKOUT_PORT: String(await freePort()) });
    const answers = Promise.all(customers.map((customer) => customer.checksOut({ key: "once" })));
    await eventually(async () => {
      const [count] = await mesh.sql<{ orders: number }[]>`select count(*)::int as orders from checkout.orders`;
      expect(count?.orders).toBeGreaterThan(0);
    });
    // Anywhere between the first order and the last.
    await sleep(Math.random() * 200);
    await mesh.kill(placing);
    for (const { status, body } of await answers) {
      if (status !== 200) expect(body).toMatchObject({ reason: expect.stringMatching(/_UNAVAILABLE$/) });
    }
    await expectBooksAgree(mesh.sql);

    mesh.serve(["checkout"]);
    await isUp(mesh);
    const again = await Promise.all(customers.map((customer) => customer.checksOut({ key: "once" })));
    expect(again.map(({ status }) => status)).toEqual(customers.map(() => 200));
    const orders = await expectBooksAgree(mesh.sql);
    expect(orders.filter(({ state }) => state === "placed")).toHaveLength(customers.length);
    await mesh.terminate();
  }, 90_000);
});
