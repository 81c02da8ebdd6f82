import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What a load did. */
export interface LoadResult {
  readonly count: number;
  readonly failed: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** What each round took in milliseconds, in order of size. */
  readonly times: Float64Array;
}

/** Repeats `round` in as many parallel loops as told, for so long, and times each round's measured part. */
export async function load(options: {
  readonly concurrency: number;
  readonly seconds: number;
  readonly round: () => Promise<{ readonly ok: boolean; readonly ms: number }>;
}): Promise<LoadResult> {
  const times: number[] = [];
  let failed = 0;
  const begun = performance.now();
  const until = begun + options.seconds * 1_000;
  await Promise.all(
    Array.from({ length: options.concurrency }, async () => {
      while (performance.now() < until) {
        const { ok, ms } = await options.round();
        times.push(ms);
        if (!ok) failed++;
      }
    }),
  );
  return resultOf({ times: Float64Array.from(times), failed, seconds: (performance.now() - begun) / 1_000 });
}

/**
 * Begins `round` at a fixed rate, for so long, whether those before have ended or not, and waits for all: a shop that is
 * slow is not asked less.
 */
export async function openLoad(options: {
  readonly perSecond: number;
  readonly seconds: number;
  readonly round: () => Promise<unknown>;
}): Promise<void> {
  const begun = performance.now();
  const underWay: Promise<unknown>[] = [];
  for (let number = 0; number < options.perSecond * options.seconds; number++) {
    await sleep(Math.max(0, begun + (number * 1_000) / options.perSecond - performance.now()));
    underWay.push(options.round());
  }
  await Promise.all(underWay);
}

/** Several loads as one. */
export function together(results: readonly LoadResult[]): LoadResult {
  const times = new Float64Array(results.reduce((sum, { count }) => sum + count, 0));
  let at = 0;
  for (const result of results) {
    times.set(result.times, at);
    at += result.count;
  }
  const sum = (of: (result: LoadResult) => number) => results.reduce((total, result) => total + of(result), 0);
  return resultOf({ times, failed: sum(({ failed }) => failed), seconds: sum(({ seconds }) => seconds) });
}

function resultOf({ times, failed, seconds }: Pick<LoadResult, "times" | "failed" | "seconds">): LoadResult {
  times.sort();
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { count: times.length, failed, seconds, p50: at(0.5), p99: at(0.99), times };
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** One request; the answer's body is read and thrown away. */
export function send(
  url: string,
  options: {
    readonly method?: string;
    readonly json?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
) {
  const begun = performance.now();
  const body = options.json === undefined ? undefined : JSON.stringify(options.json);
  return new Promise<{ readonly ok: boolean; readonly ms: number }>((resolve, reject) => {
    const headers = {
      ...options.headers,
      ...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    const outgoing = request(url, { agent, method: options.method ?? "GET", headers }, (response) => {
      response.resume();
      response.once("end", () => {
        const status = response.statusCode ?? 500;
        resolve({ ok: status < 400, ms: performance.now() - begun });
      });
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

const products = ["0PUK6V6EV0", "1YMWWN1N4O", "2ZYFJ3GM2N", "66VCHSJNUP", "6E92ZMYYFZ", "LS4PSXUNUM"];
const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

/** What the OpenTelemetry Demo's load does apart from ordering, in its weights. */
export function browse(url: string) {
  const id = any(products);
  const draw = Math.random() * 22;
  if (draw < 1) return send(`${url}/`);
  if (draw < 11) return send(`${url}/api/products/${id}`);
  if (draw < 14) return send(`${url}/api/recommendations?productIds=${id}&currencyCode=EUR`);
  if (draw < 17) return send(`${url}/api/data?contextKeys=telescopes`);
  if (draw < 20) return send(`${url}/api/cart?sessionId=${randomUUID()}&currencyCode=EUR`);
  return send(`${url}/api/products?currencyCode=EUR`);
}

/** Puts a product into a cart. */
export function addToCart(url: string, userId: string, productId: string) {
  return send(`${url}/api/cart`, { method: "POST", json: { userId, item: { productId, quantity: 1 } } });
}

/** Puts two products into a new cart and orders them; only the order is timed, and has the headers. */
export async function order(url: string, headers: Readonly<Record<string, string>> = {}) {
  const userId = randomUUID();
  for (const productId of ["2ZYFJ3GM2N", "LS4PSXUNUM"]) {
    await addToCart(url, userId, productId);
  }
  return send(`${url}/api/checkout?currencyCode=EUR`, {
    method: "POST",
    headers,
    json: {
      userId,
      email: "someone@example.com",
      userCurrency: "EUR",
      address: { streetAddress: "1 Road", city: "Bath", state: "", country: "United Kingdom", zipCode: "BA1 1AA" },
      creditCard: {
        creditCardNumber: "4432-8015-6152-0454",
        creditCardCvv: 672,
        creditCardExpirationYear: 2039,
        creditCardExpirationMonth: 1,
      },
    },
  });
}
