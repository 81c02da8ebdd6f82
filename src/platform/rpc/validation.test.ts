import { type DescMessage, type DescService, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { describe, expect, test } from "vitest";
import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import { CheckoutService } from "../../../gen/oteldemo/checkout_pb.ts";
import { CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import { EmailService } from "../../../gen/oteldemo/email_pb.ts";
import { PaymentService } from "../../../gen/oteldemo/payment_pb.ts";
import { ProductCatalogService } from "../../../gen/oteldemo/product_catalog_pb.ts";
import { QuoteService } from "../../../gen/oteldemo/quote_pb.ts";
import { RecommendationService } from "../../../gen/oteldemo/recommendation_pb.ts";
import { ShippingService } from "../../../gen/oteldemo/shipping_pb.ts";

const contract: DescService[] = [
  AdService,
  CartService,
  CheckoutService,
  CurrencyService,
  EmailService,
  PaymentService,
  ProductCatalogService,
  QuoteService,
  RecommendationService,
  ShippingService,
];

const x = (length: number) => "x".repeat(length);
const list = <T>(length: number, item: T): T[] => Array.from({ length }, () => item);
const card = {
  creditCardNumber: "4432-8015-6152-0454",
  creditCardCvv: 672,
  creditCardExpirationYear: 2039,
  creditCardExpirationMonth: 1,
};
const address = {
  streetAddress: "1600 Amphitheatre Parkway",
  city: "Mountain View",
  state: "CA",
  country: "United States",
  zipCode: "94043",
};
const usd = { currencyCode: "USD", units: "101", nanos: 960_000_000 };

interface Cases {
  /** Valid messages, with what they are. */
  readonly good: Readonly<Record<string, JsonValue>>;
  /** Messages that break exactly one rule: what is wrong, and the field and rule that must be named. */
  readonly bad: Readonly<Record<string, readonly [message: JsonValue, field: string, rule: string]>>;
}

const stringField = (name: string, maxLength: number, rest: Record<string, JsonValue> = {}): Cases["bad"] => ({
  [`${name} of ${maxLength + 1} characters`]: [{ ...rest, [name]: x(maxLength + 1) }, name, "string.max_len"],
  [`a NUL in ${name}`]: [{ ...rest, [name]: "a\0b" }, name, "string.not_contains"],
});

const badMoney = (wrap: (money: JsonValue) => JsonValue, field: string): Cases["bad"] => ({
  "money with a billion nanos": [wrap({ nanos: 1_000_000_000 }), `${field}.nanos`, "int32.gte_lte"],
  "money with minus a billion nanos": [wrap({ nanos: -1_000_000_000 }), `${field}.nanos`, "int32.gte_lte"],
  "money above zero with nanos below": [wrap({ units: "1", nanos: -1 }), field, "money.sign"],
  "money below zero with nanos above": [wrap({ units: "-1", nanos: 1 }), field, "money.sign"],
  "a currency code of 17 letters": [wrap({ currencyCode: x(17) }), `${field}.currencyCode`, "string.max_len"],
});

const badAddress = (rest: Record<string, JsonValue>): Cases["bad"] =>
  Object.fromEntries(
    Object.entries({ streetAddress: 512, city: 256, state: 256, country: 256, zipCode: 64 }).flatMap(
      ([name, maxLength]) => [
        [
          `an address with a ${name} of ${maxLength + 1} characters`,
          [{ ...rest, address: { [name]: x(maxLength + 1) } }, `address.${name}`, "string.max_len"],
        ],
        [
          `an address with a NUL in ${name}`,
          [{ ...rest, address: { [name]: "\0" } }, `address.${name}`, "string.not_contains"],
        ],
      ],
    ),
  );

const badCard = (rest: Record<string, JsonValue>): Cases["bad"] => {
  const wrong: Record<string, readonly [JsonValue, string]> = {
    creditCardCvv: [10_000, "int32.gte_lte"],
    creditCardExpirationYear: [-1, "int32.gte_lte"],
    creditCardExpirationMonth: [13, "int32.gte_lte"],
    creditCardNumber: [x(65), "string.max_len"],
  };
  return {
    "no card": [rest, "creditCard", "required"],
    ...Object.fromEntries(
      Object.entries(wrong).map(([name, [value, rule]]) => [
        `a card whose ${name} is ${value}`,
        [{ ...rest, creditCard: { ...card, [name]: value } }, `creditCard.${name}`, rule],
      ]),
    ),
  };
};

const items: Cases = {
  good: {
    "no address and no items, as the reference's checkout sends for an empty cart": {},
    "an address without a state": { address: { ...address, state: "" }, items: [{ productId: "p", quantity: 1 }] },
    "an empty address": { address: {}, items: [] },
    "1,000 items": { items: list(1_000, { productId: x(64), quantity: 10_000 }) },
  },
  bad: {
    "1,001 items": [{ items: list(1_001, {}) }, "items", "repeated.max_items"],
    "a quantity of 10,001": [{ items: [{}, { quantity: 10_001 }] }, "items[1].quantity", "int32.gte_lte"],
    "a product id of 65 characters": [{ items: [{ productId: x(65) }] }, "items[0].productId", "string.max_len"],
    ...badAddress({}),
  },
};

const empty: Cases = { good: { nothing: {} }, bad: {} };

/** Good and bad messages for every method of the contract. */
const cases: Readonly<Record<string, Cases>> = {
  "AdService/GetAds": {
    good: {
      "no keys": {},
      "an empty key": { contextKeys: [""] },
      "100 keys, some twice": { contextKeys: list(100, x(128)) },
    },
    bad: {
      "101 keys": [{ contextKeys: list(101, "k") }, "contextKeys", "repeated.max_items"],
      "a key of 129 characters": [{ contextKeys: ["a", x(129)] }, "contextKeys[1]", "string.max_len"],
    },
  },
  "CartService/AddItem": {
    good: {
      "an empty user id": { item: { productId: "p", quantity: 1 } },
      "a quantity to take away": { userId: "u", item: { productId: "p", quantity: -10_000 } },
      "the largest of all": { userId: x(256), item: { productId: x(64), quantity: 10_000 } },
    },
    bad: {
      "no item": [{ userId: "u" }, "item", "required"],
      "an empty product id": [{ item: { quantity: 1 } }, "item", "add_item.product_id"],
      "a quantity of zero": [{ item: { productId: "p" } }, "item", "add_item.quantity"],
      "a quantity of 10,001": [{ item: { productId: "p", quantity: 10_001 } }, "item.quantity", "int32.gte_lte"],
      "a quantity of -10,001": [{ item: { productId: "p", quantity: -10_001 } }, "item.quantity", "int32.gte_lte"],
      "a NUL in the product id": [{ item: { productId: "a\0", quantity: 1 } }, "item.productId", "string.not_contains"],
      ...stringField("userId", 256, { item: { productId: "p", quantity: 1 } }),
    },
  },
  "CartService/GetCart": { good: { "an empty user id": {} }, bad: stringField("userId", 256) },
  "CartService/EmptyCart": { good: { "an empty user id": {} }, bad: stringField("userId", 256) },
  "CheckoutService/PlaceOrder": {
    good: {
      "an order as the reference's web shop sends it": {
        userId: "u",
        userCurrency: "USD",
        address,
        email: "someone@example.com",
        creditCard: card,
      },
      "an empty user id, no address, no email": { creditCard: card },
      "an address without a state": { address: { ...address, state: "" }, creditCard: card },
      "an empty card, which payment declines": { creditCard: {} },
    },
    bad: {
      ...badCard({ userId: "u" }),
      ...badAddress({ creditCard: card }),
      ...stringField("userId", 256, { creditCard: card }),
      ...stringField("email", 320, { creditCard: card }),
      "a currency of 17 letters": [{ userCurrency: x(17), creditCard: card }, "userCurrency", "string.max_len"],
    },
  },
  "CheckoutService/GetOrder": {
    good: { "an order of a user": { orderId: "o", userId: "u" }, "an empty order id": { userId: "u" } },
    bad: {
      ...stringField("orderId", 64, { userId: "u" }),
      ...stringField("userId", 256),
      "an empty user id": [{ orderId: "o" }, "userId", "string.min_len"],
    },
  },
  "CheckoutService/ListOrders": {
    good: { "no limit": { userId: "u" }, "the largest limit": { userId: "u", limit: 500 } },
    bad: {
      ...stringField("userId", 256),
      "an empty user id": [{}, "userId", "string.min_len"],
      "a limit below zero": [{ userId: "u", limit: -1 }, "limit", "int32.gte_lte"],
      "a limit of 501": [{ userId: "u", limit: 501 }, "limit", "int32.gte_lte"],
    },
  },
  "CurrencyService/GetSupportedCurrencies": empty,
  "CurrencyService/Convert": {
    good: {
      "an amount": { from: usd, toCode: "EUR" },
      nothing: { from: {}, toCode: "" },
      "less than nothing": { from: { units: "-1", nanos: -750_000_000 } },
      "the extremes": { from: { units: "-9223372036854775808", nanos: -999_999_999 }, toCode: x(16) },
      "nanos alone, below zero": { from: { nanos: -1 } },
    },
    bad: {
      "no amount": [{ toCode: "EUR" }, "from", "required"],
      "a code of 17 letters": [{ from: usd, toCode: x(17) }, "toCode", "string.max_len"],
      ...badMoney((from) => ({ from }), "from"),
    },
  },
  "CurrencyService/ConvertBatch": {
    good: { "no amounts": { toCode: "EUR" }, "1,000 amounts": { from: list(1_000, usd), toCode: "EUR" } },
    bad: {
      "1,001 amounts": [{ from: list(1_001, usd) }, "from", "repeated.max_items"],
      "a code of 17 letters": [{ toCode: x(17) }, "toCode", "string.max_len"],
      ...badMoney((from) => ({ from: [usd, from] }), "from[1]"),
    },
  },
  "EmailService/SendOrderConfirmation": {
    good: {
      "an order as the reference's checkout sends it": {
        email: "someone@example.com",
        order: {
          orderId: "o",
          shippingTrackingId: "t",
          shippingCost: usd,
          shippingAddress: address,
          items: [{ item: { productId: "p", quantity: 1 }, cost: usd }],
        },
      },
      "an empty order": { email: "a", order: {} },
    },
    bad: {
      ...stringField("email", 320, { order: {} }),
      "no email": [{ order: {} }, "email", "string.min_len"],
      "no order": [{ email: "a" }, "order", "required"],
      ...badMoney((shippingCost) => ({ email: "a", order: { shippingCost } }), "order.shippingCost"),
    },
  },
  "PaymentService/Charge": {
    good: { "a charge": { amount: usd, creditCard: card }, "a charge of nothing": { amount: {}, creditCard: {} } },
    bad: {
      ...badCard({ amount: usd }),
      "no amount": [{ creditCard: card }, "amount", "required"],
      ...badMoney((amount) => ({ amount, creditCard: card }), "amount"),
    },
  },
  "PaymentService/Refund": {
    good: { "a key": { chargeKey: "k" }, "a key and a reason": { chargeKey: x(256), reason: x(256) } },
    bad: {
      ...stringField("chargeKey", 256),
      ...stringField("reason", 256, { chargeKey: "k" }),
      "no key": [{}, "chargeKey", "string.min_len"],
    },
  },
  "ProductCatalogService/ListProducts": empty,
  "ProductCatalogService/GetProduct": {
    good: { "an id": { id: "OLJCESPC7Z" }, "an empty id": {} },
    bad: stringField("id", 64),
  },
  "ProductCatalogService/SearchProducts": {
    good: { "an empty query": {}, "SQL wildcards and quotes": { query: "%_'\";--" } },
    bad: stringField("query", 256),
  },
  "ProductCatalogService/GetProducts": {
    good: { "no ids": {}, "1,000 ids, the same one": { ids: list(1_000, "OLJCESPC7Z") } },
    bad: {
      "1,001 ids": [{ ids: list(1_001, "a") }, "ids", "repeated.max_items"],
      "an id of 65 characters": [{ ids: ["a", x(65)] }, "ids[1]", "string.max_len"],
      "a NUL in an id": [{ ids: ["\0"] }, "ids[0]", "string.not_contains"],
    },
  },
  "QuoteService/GetShippingQuote": {
    good: { "no items": {}, "ten million items": { numberOfItems: 10_000_000 } },
    bad: {
      "fewer than no items": [{ numberOfItems: -1 }, "numberOfItems", "int32.gte_lte"],
      "more than ten million": [{ numberOfItems: 10_000_001 }, "numberOfItems", "int32.gte_lte"],
    },
  },
  "RecommendationService/ListRecommendations": {
    good: {
      "no products": { userId: "" },
      "ids taken apart into characters, as the reference's web shop sends them": {
        productIds: [..."OLJCESPC7Z,66VCHSJNUP,1YMWWN1N4O"],
      },
      "10,000 characters": { productIds: list(10_000, ",") },
    },
    bad: {
      "10,001 characters": [{ productIds: list(10_001, "a") }, "productIds", "repeated.max_items"],
      "an id of 1,025 characters": [{ productIds: [x(1_025)] }, "productIds[0]", "string.max_len"],
      "a user id of 257 characters": [{ userId: x(257) }, "userId", "string.max_len"],
    },
  },
  "ShippingService/GetQuote": items,
  "ShippingService/ShipOrder": items,
};

const validator = createValidator();

function violations(schema: DescMessage, message: JsonValue): string[] {
  const result = validator.validate(schema, fromJson(schema, message));
  if (result.kind === "error") throw result.error;
  return (result.violations ?? []).map(({ field, ruleId }) => {
    const path = field.map((part) =>
      part.kind === "field" ? `.${part.localName}` : part.kind === "list_sub" ? `[${part.index}]` : "?",
    );
    return `${path.join("").slice(1)}: ${ruleId}`;
  });
}

const methods = contract.flatMap((service) =>
  service.methods.map((method) => [`${service.name}/${method.name}`, method.input] as const),
);

test("every method of the contract has its cases", () => {
  expect(Object.keys(cases).sort()).toEqual(methods.map(([name]) => name).sort());
});

describe.each(methods)("%s", (name, input) => {
  const { good = {}, bad = {} } = cases[name] ?? {};
  test.each(Object.entries(good))("takes %s", (_, message) => {
    expect(violations(input, message)).toEqual([]);
  });
  test.each(Object.entries(bad))("refuses %s", (_, [message, field, rule]) => {
    expect(violations(input, message)).toEqual([`${field}: ${rule}`]);
  });
});
