import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { AdService } from "../../gen/oteldemo/ad_pb.ts";
import { CartService } from "../../gen/oteldemo/cart_pb.ts";
import { PaymentService } from "../../gen/oteldemo/payment_pb.ts";
import { ProductCatalogService } from "../../gen/oteldemo/product_catalog_pb.ts";
import { ShippingService } from "../../gen/oteldemo/shipping_pb.ts";
import { errorInfo } from "../../src/platform/rpc/errors.ts";
import { expectBooksAgree } from "../books.ts";
import { api, Customer, flashlight, goodCard, home, telescope } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { TestFlags } from "../flags/test-flags.ts";
import { startShop, type TestShop } from "../shop.ts";

let flags: TestFlags;
let shop: TestShop;
beforeAll(async () => {
  flags = await TestFlags.make();
  shop = await startShop({ environment: flags.environment });
});
afterAll(async () => {
  await shop.stop();
  await flags.remove();
});
afterEach(() => expectBooksAgree(shop.sql));

const during = <T>(key: string, variant: string, work: () => Promise<T>) => flags.during(shop.url, key, variant, work);

const failure = (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(
    () => expect.unreachable("the call succeeded"),
    (error) => (error instanceof ConnectError ? error : expect.unreachable(String(error))),
  );

/** How many of so many calls fail, and with which codes. */
async function failuresOf(count: number, call: () => Promise<unknown>) {
  const codes: Code[] = [];
  for (let n = 0; n < count; n++) {
    await call().catch((error: unknown) => codes.push(ConnectError.from(error).code));
  }
  return { share: codes.length / count, codes: new Set(codes) };
}

async function buyer(): Promise<Customer> {
  const customer = new Customer(shop.url);
  await customer.puts(flashlight, 2);
  return customer;
}

describe("adFailure", () => {
  const getAds = () => shop.process.client(AdService).getAds({ contextKeys: ["travel"] });

  it("fails one request for ads in ten, and our own retries do not hide it", async () => {
    const { share, codes } = await during("adFailure", "on", () => failuresOf(400, getAds));
    expect(share).toBeGreaterThan(0.02);
    expect(share).toBeLessThan(0.25);
    expect([...codes]).toEqual([Code.Unavailable]);
  });

  it("fails none when it is off", async () => {
    expect(await failuresOf(100, getAds)).toMatchObject({ share: 0 });
  });
});

describe("productCatalogFailure", () => {
  const catalog = () => shop.process.client(ProductCatalogService);

  it("fails for one product, wherever it is asked for, and for no other", async () => {
    await during("productCatalogFailure", "on", async () => {
      expect(await failure(catalog().getProduct({ id: telescope }))).toMatchObject({ code: Code.Internal });
      expect(await failure(catalog().getProducts({ ids: [flashlight, telescope] }))).toMatchObject({
        code: Code.Internal,
      });
      expect(await catalog().getProduct({ id: flashlight })).toMatchObject({ id: flashlight });
      expect((await catalog().listProducts({})).products.map(({ id }) => id)).toContain(telescope);
      const page = await api(shop.url, `/api/products/${telescope}`);
      expect(page).toMatchObject({ status: 500, body: { reason: "PRODUCT_UNREADABLE" } });
    });
  });

  it("keeps nobody from buying something else, and charges nobody for the product", async () => {
    const unlucky = await buyer();
    await unlucky.puts(telescope);
    await during("productCatalogFailure", "on", async () => {
      expect((await unlucky.checksOut()).status).toBe(503);
      expect((await (await buyer()).checksOut()).status).toBe(200);
    });
    expect((await unlucky.checksOut()).status).toBe(200);
  });
});

describe("cartFailure", () => {
  it("keeps carts full, while orders are placed", async () => {
    const customer = await buyer();
    const carts = shop.process.client(CartService);
    await during("cartFailure", "100%", async () => {
      expect((await customer.checksOut()).status).toBe(200);
      const error = await failure(carts.emptyCart({ userId: customer.userId }));
      expect(error.code).toBe(Code.FailedPrecondition);
      expect(errorInfo(error)?.reason).toBe("CART_STORE_UNREACHABLE");
      expect((await carts.getCart({ userId: customer.userId })).items).toHaveLength(1);
    });
  });

  it("fails the share that its variant says", async () => {
    const empty = () => shop.process.client(CartService).emptyCart({ userId: "somebody" });
    const { share } = await during("cartFailure", "50%", () => failuresOf(200, empty));
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.75);
  });

  it("empties carts when it is off", async () => {
    const customer = await buyer();
    expect((await customer.checksOut()).status).toBe(200);
    const { items } = await shop.process.client(CartService).getCart({ userId: customer.userId });
    expect(items).toEqual([]);
  });
});

describe("failedReadinessProbe", () => {
  const isServing = async (service: string) =>
    (await api(shop.url, "/grpc.health.v1.Health/Check", { body: { service } })).body.status;

  it("makes cart say that it is not ready, while it answers", async () => {
    await during("failedReadinessProbe", "on", async () => {
      await eventually(async () => expect(await isServing("oteldemo.CartService")).toMatch(/NOT_SERVING/));
      expect(await isServing("oteldemo.AdService")).toMatch(/(?<!NOT_)SERVING$/);
      expect((await (await buyer()).checksOut()).status).toBe(200);
    });
    await eventually(async () => expect(await isServing("oteldemo.CartService")).toMatch(/(?<!NOT_)SERVING$/));
  });
});

describe("paymentFailure", () => {
  it("fails orders with a problem in words; nobody is charged, and the same order may be placed afterwards", async () => {
    const customer = await buyer();
    await during("paymentFailure", "100%", async () => {
      const refused = await customer.checksOut({ key: "the order" });
      expect(refused.status).toBe(500);
      expect(refused.headers.get("content-type")).toContain("application/problem+json");
      expect(refused.body).toMatchObject({
        reason: "PAYMENT_FAILED",
        detail: expect.stringContaining("Your card was not charged"),
      });
      const orders = await expectBooksAgree(shop.sql);
      expect(orders.filter(({ user_id }) => user_id === customer.userId)).toMatchObject([
        { state: "refunded", charges: 0, booked: 0, mails: 0 },
      ]);
    });
    expect((await customer.checksOut({ key: "the order" })).status).toBe(200);
  });

  it("answers UNKNOWN, with the share that its variant says", async () => {
    const charge = () =>
      shop.process.client(PaymentService).charge({
        amount: { currencyCode: "USD", units: 0n, nanos: 0 },
        creditCard: goodCard,
      });
    // Of so many, a fifth succeeds once in a hundred million runs.
    const { share, codes } = await during("paymentFailure", "90%", () => failuresOf(500, charge));
    expect(share).toBeGreaterThan(0.8);
    expect(share).toBeLessThan(1);
    expect([...codes]).toEqual([Code.Unknown]);
  });
});

describe("paymentUnreachable", () => {
  it("fails every order, and none is charged; payment itself answers", async () => {
    const customer = await buyer();
    await during("paymentUnreachable", "on", async () => {
      const refused = await customer.checksOut({ key: "the order" });
      expect(refused).toMatchObject({ status: 503, body: { reason: "PAYMENT_UNAVAILABLE" } });
      const refund = shop.process.client(PaymentService).refund({ chargeKey: "nothing", reason: "test" });
      await expect(refund).resolves.toMatchObject({ refundId: "" });
    });
    const orders = await expectBooksAgree(shop.sql);
    expect(orders.filter(({ user_id }) => user_id === customer.userId)).toMatchObject([{ state: "refunded" }]);
    expect((await customer.checksOut({ key: "the order" })).status).toBe(200);
  });
});

describe("intlShippingSlowdown", () => {
  async function secondsToShip(country: string): Promise<number> {
    const begun = performance.now();
    await shop.process
      .client(ShippingService)
      .shipOrder({ address: { ...home, country }, items: [] }, { timeoutMs: 12_000 });
    return (performance.now() - begun) / 1_000;
  }

  it("ships abroad five seconds later, and at home at once", async () => {
    await during("intlShippingSlowdown", "5sec", async () => {
      const [abroad, atHome, spelled] = await Promise.all(["Canada", "United States", " usa "].map(secondsToShip));
      expect(abroad).toBeGreaterThan(4.9);
      expect(atHome).toBeLessThan(4);
      expect(spelled).toBeLessThan(4);
    });
  });

  it("ships abroad at once when it is off", async () => {
    expect(await secondsToShip("Canada")).toBeLessThan(4);
  });
});
