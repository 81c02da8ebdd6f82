import { Code, ConnectError } from "@connectrpc/connect";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { Type } from "typebox";
import { attribute, metric } from "../../../../gen/telemetry/registry.ts";
import { idempotencyKeyHeader } from "../../../platform/rpc/client.ts";
import { rpcError } from "../../../platform/rpc/errors.ts";
import type { Telemetry } from "../../../platform/telemetry/telemetry.ts";
import { apiErrors } from "./errors.ts";
import {
  Ad,
  type Address,
  Cart,
  CartWithProducts,
  Money,
  Order,
  OrderSummary,
  PlacedOrder,
  PlaceOrder,
  ProblemDetails,
  Product,
} from "./schemas.ts";
import { moneyJson, openShop, placedAtJson, type ShopClients, summaryJson } from "./shop.ts";

/** At most so many recommendations go to a page. */
const maxRecommendations = 4;

const currencyCode = Type.Optional(
  Type.String({ maxLength: 16, description: "ISO 4217 code of the currency for prices; US dollars without it" }),
);
/** Bounds of the contract's CartItem. */
const quantity = Type.Integer({ minimum: -10_000, maximum: 10_000 });
const sessionId = Type.String({ maxLength: 256, description: "The session's user id" });
/** A comma-separated list, or a parameter given several times. */
const list = Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())]));

const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: ProblemDetails } },
});
const problems = { "4xx": problem("What was wrong with the request"), "5xx": problem("The shop cannot do it now") };

/** The routes under /api: those of the OpenTelemetry Demo's frontend, orders, and search. */
export const apiRoutes =
  (clients: ShopClients, { meter }: Telemetry): FastifyPluginAsyncTypebox =>
  async (app) => {
    const steps = meter.createCounter(metric.demoShopSteps.name, metric.demoShopSteps);
    const step = (name: "view" | "add" | "checkout" | "order") => steps.add(1, { [attribute.demoShopStep]: name });
    const { ad, cart, catalog, checkout, currency, recommendation, shipping } = clients;
    const shop = openShop(clients);

    app.get(
      "/products",
      {
        schema: {
          tags: ["products"],
          operationId: "listProducts",
          summary: "List or search products",
          description: "With a query: what matches, best first, forgiving typing errors. Otherwise all, by id.",
          querystring: Type.Object({
            currencyCode,
            query: Type.Optional(Type.String({ maxLength: 256 })),
            category: Type.Optional(Type.String({ maxLength: 128 })),
          }),
          response: { 200: Type.Array(Product), ...problems },
        },
      },
      async ({ query: { currencyCode: code, query, category } }) => {
        const isSearch = query !== undefined && query.trim() !== "";
        const all = isSearch
          ? (await catalog.searchProducts({ query })).results
          : (await catalog.listProducts({})).products;
        return shop.localize(category ? all.filter(({ categories }) => categories.includes(category)) : all, code);
      },
    );

    app.get(
      "/products/:productId",
      {
        schema: {
          tags: ["products"],
          operationId: "getProduct",
          summary: "Get a product",
          params: Type.Object({ productId: Type.String({ maxLength: 64 }) }),
          querystring: Type.Object({ currencyCode }),
          response: { 200: Product, ...problems },
        },
      },
      async ({ params: { productId }, query }) => {
        const [product] = await shop.localize([await catalog.getProduct({ id: productId })], query.currencyCode);
        if (product === undefined) throw new ConnectError("A product was lost on the way.", Code.Internal);
        step("view");
        return product;
      },
    );

    app.get(
      "/cart",
      {
        schema: {
          tags: ["cart"],
          operationId: "getCart",
          summary: "Get a cart",
          querystring: Type.Object({ sessionId: Type.Optional(sessionId), currencyCode }),
          response: { 200: CartWithProducts, ...problems },
        },
      },
      async ({ query }) => {
        const { userId, items } = await cart.getCart({ userId: query.sessionId ?? "" });
        return { userId, items: await shop.withProducts(items, query.currencyCode) };
      },
    );

    app.post(
      "/cart",
      {
        schema: {
          tags: ["cart"],
          operationId: "addToCart",
          summary: "Add to a cart",
          description: "A negative quantity takes away; a line that reaches zero is gone.",
          body: Type.Object({
            userId: Type.Optional(sessionId),
            item: Type.Object({ productId: Type.String({ maxLength: 64 }), quantity }),
          }),
          response: { 200: Cart, ...problems },
        },
      },
      async ({ body: { userId = "", item } }) => {
        // Taking out must work for products that are not sold any more.
        if (item.quantity > 0) await catalog.getProduct({ id: item.productId });
        await cart.addItem({ userId, item });
        if (item.quantity > 0) step("add");
        const { items } = await cart.getCart({ userId });
        return { userId, items: items.map(({ productId, quantity }) => ({ productId, quantity })) };
      },
    );

    app.delete(
      "/cart",
      {
        schema: {
          tags: ["cart"],
          operationId: "emptyCart",
          summary: "Empty a cart",
          body: Type.Object({ userId: Type.Optional(sessionId) }),
          response: { 204: Type.Null(), ...problems },
        },
      },
      async ({ body: { userId = "" } }, reply) => {
        await cart.emptyCart({ userId });
        return reply.code(204).send(null);
      },
    );

    app.post(
      "/checkout",
      {
        schema: {
          tags: ["orders"],
          operationId: "placeOrder",
          summary: "Place an order of what is in the cart",
          description:
            "Repeating the request with the same Idempotency-Key gives the same order, charged once. A declined card is status 402.",
          headers: Type.Object({
            [idempotencyKeyHeader]: Type.Optional(
              Type.String({ description: "Any unique text of the client's choice" }),
            ),
          }),
          querystring: Type.Object({ currencyCode }),
          body: PlaceOrder,
          response: { 200: Order, ...problems },
        },
      },
      async ({ body, query, headers }) => {
        const key = headers[idempotencyKeyHeader];
        const { userId = "", email = "", userCurrency, address, creditCard } = body;
        step("checkout");
        const { order } = await checkout.placeOrder(
          { userId, email, userCurrency, creditCard, ...(address === undefined ? {} : { address }) },
          key === undefined ? {} : { headers: { [idempotencyKeyHeader]: key } },
        );
        if (order === undefined) throw new ConnectError("The order was lost on the way.", Code.Internal);
        step("order");
        return shop.newOrder(order, query.currencyCode);
      },
    );

    app.get(
      "/orders",
      {
        schema: {
          tags: ["orders"],
          operationId: "listOrders",
          summary: "List the orders of a session, newest first",
          querystring: Type.Object({ sessionId: Type.Optional(sessionId) }),
          response: { 200: Type.Array(OrderSummary), ...problems },
        },
      },
      async ({ query }) => {
        const { orders } = await checkout.listOrders({ userId: session(query.sessionId) });
        return orders.map(summaryJson);
      },
    );

    app.get(
      "/orders/:orderId",
      {
        schema: {
          tags: ["orders"],
          operationId: "getOrder",
          summary: "Get an order of a session",
          params: Type.Object({ orderId: Type.String({ maxLength: 64 }) }),
          querystring: Type.Object({ sessionId: Type.Optional(sessionId), currencyCode }),
          response: { 200: PlacedOrder, ...problems },
        },
      },
      async ({ params: { orderId }, query }) => {
        const { order: placed } = await checkout.getOrder({ orderId, userId: session(query.sessionId) });
        if (placed?.order === undefined) throw new ConnectError("The order was lost on the way.", Code.Internal);
        return {
          ...(await shop.order(placed.order, query.currencyCode)),
          placedAt: placedAtJson(placed.placedAt),
          status: "placed" as const,
          total: moneyJson(placed.total),
        };
      },
    );

    app.get(
      "/currency",
      {
        schema: {
          tags: ["prices"],
          operationId: "listCurrencies",
          summary: "List the currencies that prices can be had in",
          response: { 200: Type.Array(Type.String()), ...problems },
        },
      },
      async () => (await currency.getSupportedCurrencies({})).currencyCodes,
    );

    app.get(
      "/shipping",
      {
        schema: {
          tags: ["prices"],
          operationId: "quoteShipping",
          summary: "Quote the shipping of items",
          querystring: Type.Object({
            itemList: Type.Optional(Type.String({ description: "JSON: [{productId, quantity}]" })),
            currencyCode,
            address: Type.Optional(Type.String({ description: "JSON: an Address" })),
          }),
          response: { 200: Money, ...problems },
        },
      },
      async ({ query }) => {
        const items = parseJson("itemList", query.itemList ?? "[]", isItemList);
        const address = query.address === undefined ? undefined : parseJson("address", query.address, isAddress);
        const { costUsd } = await shipping.getQuote(address ? { items, address } : { items });
        const toCode = query.currencyCode || "USD";
        return moneyJson(costUsd && (await currency.convert({ from: costUsd, toCode })));
      },
    );

    app.get(
      "/recommendations",
      {
        schema: {
          tags: ["products"],
          operationId: "listRecommendations",
          summary: "Recommend products that go with others",
          querystring: Type.Object({ productIds: list, sessionId: Type.Optional(sessionId), currencyCode }),
          response: { 200: Type.Array(Product), ...problems },
        },
      },
      async ({ query }) => {
        const { productIds } = await recommendation.listRecommendations({
          userId: query.sessionId ?? "",
          productIds: items(query.productIds),
        });
        return [...(await shop.productsById(productIds.slice(0, maxRecommendations), query.currencyCode)).values()];
      },
    );

    app.get(
      "/data",
      {
        schema: {
          tags: ["ads"],
          operationId: "getAds",
          summary: "Get ads for product categories",
          querystring: Type.Object({ contextKeys: list }),
          response: { 200: Type.Array(Ad), ...problems },
        },
      },
      async ({ query }) => {
        const { ads } = await ad.getAds({ contextKeys: items(query.contextKeys) });
        return ads.map(({ redirectUrl, text }) => ({ redirectUrl, text }));
      },
    );
  };

function items(given: string | readonly string[] | undefined): string[] {
  const parts = given === undefined ? [] : typeof given === "string" ? [given] : given;
  return parts.flatMap((part) => part.split(",")).filter((part) => part !== "");
}

/** Orders hold addresses, so they are shown to those only who know the session's id. */
function session(sessionId: string | undefined): string {
  if (sessionId !== undefined && sessionId !== "") return sessionId;
  throw rpcError(apiErrors.SESSION_MISSING, "Say whose orders: the query parameter sessionId is missing.");
}

function parseJson<T>(name: string, text: string, fits: (value: unknown) => value is T): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw rpcError(apiErrors.INVALID_REQUEST, `${name} is not JSON: ${JSON.stringify(text.slice(0, 100))}`, { cause });
  }
  if (fits(value)) return value;
  throw rpcError(apiErrors.INVALID_REQUEST, `${name} has another shape: ${JSON.stringify(text.slice(0, 100))}`);
}

function isItemList(value: unknown): value is { productId: string; quantity: number }[] {
  return (
    Array.isArray(value) &&
    value.length <= 1_000 &&
    value.every(
      (item) =>
        typeof item === "object" &&
        item !== null &&
        typeof item.productId === "string" &&
        Number.isInteger(item.quantity) &&
        Math.abs(item.quantity) <= 10_000,
    )
  );
}

function isAddress(value: unknown): value is Record<keyof typeof Address.properties, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((part) => typeof part === "string");
}
