import type { Failure } from "./failure.ts";
import type { Answer } from "./http-client.ts";

/** What must be true of an answer. */
export type Check = (answer: Answer) => Failure | undefined;

type Fields = { readonly [key: string]: unknown };

function content(detail: string): Failure {
  return { kind: "content", detail };
}

/** A page of HTML. */
export const isPage: Check = (answer) =>
  statusFailure(answer) ??
  (answer.contentType.startsWith("text/html") && /<html/i.test(answer.text)
    ? undefined
    : content("not a page of HTML"));

/** A product, and the right one. */
export const isProduct = (id: string): Check =>
  json((product) => {
    if (!isFields(product) || !isFields(product.priceUsd)) return "not a product";
    return product.id === id ? undefined : "another product than the one asked for";
  });

export const areProducts: Check = json((products) =>
  Array.isArray(products) && products.every((product) => isFields(product) && isText(product.id))
    ? undefined
    : "not a list of products",
);

export const areAds: Check = json((ads) => {
  const fits = Array.isArray(ads) && ads.every((ad) => isFields(ad) && isText(ad.redirectUrl) && isText(ad.text));
  if (!fits) return "not a list of ads";
  return ads.length > 0 ? undefined : "no ad";
});

/** The cart of a user, with a product in it if one is named. */
export const isCart = (userId: string, productId?: string): Check =>
  json((cart) => {
    if (!isFields(cart) || !Array.isArray(cart.items)) return "not a cart";
    if (cart.userId !== userId) return "another user's cart";
    const has = (id: string) => (cart.items as readonly Fields[]).some((item) => item?.productId === id);
    return productId === undefined || has(productId) ? undefined : "a cart without what was put into it";
  });

/** An order of these products. */
export const isOrder = (productIds: readonly string[]): Check =>
  json((order) => {
    if (!isFields(order) || !Array.isArray(order.items)) return "not an order";
    if (!isText(order.orderId) || !isText(order.shippingTrackingId)) return "an order without its id or tracking id";
    const ordered = new Set((order.items as readonly Fields[]).map((line) => (line?.item as Fields)?.productId));
    return productIds.every((id) => ordered.has(id)) ? undefined : "an order without what was ordered";
  });

/** JSON that has nothing to complain about. */
function json(complaint: (body: unknown) => string | undefined): Check {
  return (answer) => {
    const failure = statusFailure(answer);
    if (failure !== undefined) return failure;
    let body: unknown;
    try {
      body = JSON.parse(answer.text);
    } catch {
      return content("not JSON");
    }
    const found = complaint(body);
    return found === undefined ? undefined : content(found);
  };
}

/** Refusals of the shop tell their reason (RFC 9457), by which they are counted. */
function statusFailure({ status, contentType, text }: Answer): Failure | undefined {
  if (status === 200) return undefined;
  const reason = contentType.startsWith("application/problem+json") ? reasonOf(text) : undefined;
  if (reason === undefined) return { kind: "status", detail: String(status) };
  return { kind: status < 500 ? "declined" : "status", detail: `${status} ${reason}` };
}

function reasonOf(text: string): string | undefined {
  try {
    const { reason } = JSON.parse(text) as { reason?: unknown };
    return isText(reason) ? reason.slice(0, 64) : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
