import type { Money } from "../shared/money.ts";
import type { Ad, Address, Cart, Order, OrderRequest, OrderSummary, PlacedOrder, Product } from "./model.ts";
import { telemetry } from "./telemetry.ts";

/** Why a request gave no answer that can be used. */
export type Failure =
  | {
      /** The shop answered, and said no. */
      readonly kind: "refused";
      readonly status: number;
      /** Stable, such as `CARD_DECLINED`; empty when the answer did not come from the shop's API. */
      readonly reason: string;
      /** Fit to be shown to people; may be empty. */
      readonly detail: string;
      readonly fields: readonly { readonly field: string; readonly message: string }[];
    }
  /** The connection failed: whether the shop got the request is not known. */
  | { readonly kind: "unreachable" }
  /** No answer in time: whether the shop got the request is not known. */
  | { readonly kind: "timeout" };

export class ApiError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.kind === "refused" ? failure.detail || `HTTP ${failure.status}` : failure.kind, options);
    this.name = "ApiError";
    this.failure = failure;
  }
}

/** The failure behind an error; anything that is not an `ApiError` counts as a connection that failed. */
export function failureOf(error: unknown): Failure {
  return error instanceof ApiError ? error.failure : { kind: "unreachable" };
}

/** The stable reason of an error, or an empty text. */
export function reasonOf(error: unknown): string {
  const failure = failureOf(error);
  return failure.kind === "refused" ? failure.reason : "";
}

type RequestOptions = {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
};

const defaultTimeoutMs = 15_000;
/** Longer than the shop's own deadline for an order, so that its answer is heard where there is one. */
const orderTimeoutMs = 30_000;

/** Every request of the storefront goes through here. */
async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = "GET", query = {}, body, headers, signal, timeoutMs = defaultTimeoutMs } = options;
  const given = Object.entries(query).filter(([, value]) => value !== "");
  const url = given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
  const deadline = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await telemetry.fetch(url, {
      method,
      headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
  } catch (cause) {
    throw lost(cause, { signal, deadline });
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function requestJson<T>(path: string, options?: RequestOptions): Promise<T> {
  const response = await request(path, options);
  try {
    // The API is described and tested on the server's side; the page trusts its shapes.
    return (await response.json()) as T;
  } catch (cause) {
    throw lost(cause, { signal: options?.signal });
  }
}

function lost(cause: unknown, signals: { signal?: AbortSignal | undefined; deadline?: AbortSignal }): unknown {
  // A query that React Query gave up must end as aborted, not as failed.
  if (signals.signal?.aborted) return cause;
  const late = signals.deadline?.aborted || (cause instanceof DOMException && cause.name === "TimeoutError");
  return new ApiError({ kind: late ? "timeout" : "unreachable" }, { cause });
}

async function refusal(response: Response): Promise<ApiError> {
  const problem: unknown = await response.json().catch(() => undefined);
  const { reason, detail, errors } = (typeof problem === "object" && problem !== null ? problem : {}) as {
    reason?: unknown;
    detail?: unknown;
    errors?: unknown;
  };
  return new ApiError({
    kind: "refused",
    status: response.status,
    reason: typeof reason === "string" ? reason : "",
    detail: typeof detail === "string" ? detail : "",
    fields: Array.isArray(errors)
      ? errors.filter((each) => typeof each?.field === "string" && typeof each?.message === "string")
      : [],
  });
}

type Scope = { readonly currencyCode: string; readonly signal?: AbortSignal };

export function listProducts(options: Scope & { query?: string; category?: string }): Promise<Product[]> {
  const { currencyCode, query = "", category = "", signal } = options;
  return requestJson("/api/products", { query: { currencyCode, query, category }, signal });
}

export function getProduct(id: string, { currencyCode, signal }: Scope): Promise<Product> {
  return requestJson(`/api/products/${encodeURIComponent(id)}`, { query: { currencyCode }, signal });
}

export function listCurrencies(signal?: AbortSignal): Promise<string[]> {
  return requestJson("/api/currency", { signal });
}

export function getCart(userId: string, { currencyCode, signal }: Scope): Promise<Cart> {
  return requestJson("/api/cart", { query: { sessionId: userId, currencyCode }, signal });
}

/** Adds `quantity` pieces; a negative number takes pieces out again. */
export async function addToCart(userId: string, item: { productId: string; quantity: number }): Promise<void> {
  await request("/api/cart", { method: "POST", body: { userId, item } });
}

export async function emptyCart(userId: string): Promise<void> {
  await request("/api/cart", { method: "DELETE", body: { userId } });
}

export function quoteShipping(
  items: readonly { productId: string; quantity: number }[],
  address: Address,
  { currencyCode, signal }: Scope,
): Promise<Money> {
  const query = { itemList: JSON.stringify(items), currencyCode, address: JSON.stringify(address) };
  return requestJson("/api/shipping", { query, signal });
}

export function listRecommendations(
  productIds: readonly string[],
  { userId, currencyCode, signal }: Scope & { userId: string },
): Promise<Product[]> {
  const query = { productIds: productIds.join(","), sessionId: userId, currencyCode };
  return requestJson("/api/recommendations", { query, signal });
}

export function listAds(contextKeys: readonly string[], signal?: AbortSignal): Promise<Ad[]> {
  return requestJson("/api/data", { query: { contextKeys: contextKeys.join(",") }, signal });
}

/** Buys what is in the cart. The same key charges at most once, however often it is sent. */
export function placeOrder(order: OrderRequest, idempotencyKey: string): Promise<PlacedOrder> {
  return requestJson("/api/checkout", {
    method: "POST",
    query: { currencyCode: order.userCurrency },
    body: order,
    headers: { "Idempotency-Key": idempotencyKey },
    timeoutMs: orderTimeoutMs,
  });
}

export function listOrders(userId: string, signal?: AbortSignal): Promise<OrderSummary[]> {
  return requestJson("/api/orders", { query: { sessionId: userId }, signal });
}

export function getOrder(
  orderId: string,
  { userId, currencyCode, signal }: Scope & { userId: string },
): Promise<Order> {
  return requestJson(`/api/orders/${encodeURIComponent(orderId)}`, {
    query: { sessionId: userId, currencyCode },
    signal,
  });
}

/** For the first answer: whoever waits for it has nothing to show yet. */
const flagTimeoutMs = 1_000;

/**
 * The number that a flag has for this shopper, by flagd's protocol in JSON; 0 when it cannot be had. Not told to
 * telemetry, which tells of the shop and not of what watches it.
 */
export async function numberFlag(flagKey: string, userId: string): Promise<number> {
  try {
    const response = await fetch("/flagservice/flagd.evaluation.v1.Service/ResolveFloat", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ flagKey, context: { targetingKey: userId, userId } }),
      signal: AbortSignal.timeout(flagTimeoutMs),
    });
    const { value }: { readonly value?: unknown } = await response.json();
    return typeof value === "number" ? value : 0;
  } catch {
    return 0;
  }
}

/** Fetches a picture that the front proxy is asked to hold back for `delayMs` milliseconds. */
export async function fetchDelayedImage(url: string, delayMs: number, signal: AbortSignal): Promise<Blob> {
  const headers = { "x-envoy-fault-delay-request": String(delayMs), "Cache-Control": "no-cache" };
  const response = await request(url, { headers, signal, timeoutMs: defaultTimeoutMs + delayMs });
  return response.blob();
}
