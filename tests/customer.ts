import { randomUUID } from "node:crypto";

/** A card that payment accepts, for as long as these tests may live. */
export const goodCard = {
  creditCardNumber: "4432-8015-6152-0454",
  creditCardCvv: 672,
  creditCardExpirationYear: 2099,
  creditCardExpirationMonth: 1,
};

export const home = {
  streetAddress: "1600 Amphitheatre Parkway",
  city: "Mountain View",
  state: "CA",
  country: "United States",
  zipCode: "94043",
};

/** Products with prices that do not divide evenly. */
export const flashlight = "LS4PSXUNUM";
export const telescope = "OLJCESPC7Z";

/** An answer of the web API. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

/** Calls the web API. */
export async function api(
  url: string,
  path: string,
  options: {
    readonly method?: string;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<ApiAnswer> {
  const { method = options.body === undefined ? "GET" : "POST", body, headers } = options;
  const response = await fetch(url + path, {
    method,
    redirect: "manual",
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = text !== "" && response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** Somebody who shops through the web API. */
export class Customer {
  readonly userId: string;
  readonly url: string;

  constructor(url: string, userId: string = randomUUID()) {
    this.url = url;
    this.userId = userId;
  }

  async puts(productId: string, quantity = 1): Promise<ApiAnswer> {
    return api(this.url, "/api/cart", { body: { userId: this.userId, item: { productId, quantity } } });
  }

  order(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return {
      userId: this.userId,
      email: `${this.userId}@example.com`,
      userCurrency: "EUR",
      address: home,
      creditCard: goodCard,
      ...changes,
    };
  }

  async checksOut(
    options: {
      readonly key?: string;
      readonly changes?: Readonly<Record<string, unknown>>;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<ApiAnswer> {
    const { key, changes, headers } = options;
    return api(this.url, "/api/checkout", {
      body: this.order(changes),
      headers: { ...headers, ...(key === undefined ? {} : { "idempotency-key": key }) },
    });
  }
}
