import { type Static, Type } from "typebox";

/** Amounts in JSON: units as a number, as the OpenTelemetry Demo's frontend writes them. */
export const Money = Type.Object({
  currencyCode: Type.String({ description: "ISO 4217" }),
  units: Type.Integer({ description: "Whole units" }),
  nanos: Type.Integer({ description: "Billionths of a unit, of the same sign as units" }),
});
export type Money = Static<typeof Money>;

export const Product = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  picture: Type.String({ description: "File name below /images/products/" }),
  priceUsd: Type.Object(Money.properties, {
    description: "The price in the currency asked for, in spite of its name",
  }),
  categories: Type.Array(Type.String()),
});
export type Product = Static<typeof Product>;

export const Address = Type.Object({
  streetAddress: Type.Optional(Type.String({ maxLength: 512 })),
  city: Type.Optional(Type.String({ maxLength: 256 })),
  state: Type.Optional(Type.String({ maxLength: 256 })),
  country: Type.Optional(Type.String({ maxLength: 256 })),
  zipCode: Type.Optional(Type.String({ maxLength: 64 })),
});
export type Address = Static<typeof Address>;

export const CartLine = Type.Object({ productId: Type.String(), quantity: Type.Integer() });

export const Cart = Type.Object({ userId: Type.String(), items: Type.Array(CartLine) });

export const CartWithProducts = Type.Object({
  userId: Type.String(),
  items: Type.Array(
    Type.Object({
      productId: Type.String(),
      quantity: Type.Integer(),
      product: Type.Union([Type.Object(Product.properties), Type.Null()], {
        description: "null when the product is not sold any more",
      }),
    }),
  ),
});

export const Ad = Type.Object({ redirectUrl: Type.String(), text: Type.String() });

export const PlaceOrder = Type.Object({
  userId: Type.Optional(Type.String({ maxLength: 256 })),
  email: Type.Optional(Type.String({ maxLength: 320 })),
  userCurrency: Type.String({ maxLength: 16 }),
  address: Type.Optional(Address),
  creditCard: Type.Object({
    creditCardNumber: Type.String({ maxLength: 64 }),
    creditCardCvv: Type.Integer({ minimum: 0, maximum: 9999 }),
    creditCardExpirationYear: Type.Integer({ minimum: 0, maximum: 9999 }),
    creditCardExpirationMonth: Type.Integer({ minimum: 0, maximum: 12 }),
  }),
});

export const Order = Type.Object({
  orderId: Type.String(),
  shippingTrackingId: Type.String(),
  shippingCost: Type.Object(Money.properties),
  shippingAddress: Type.Object(Address.properties),
  items: Type.Array(
    Type.Object({
      cost: Type.Object(Money.properties, { description: "Price of one piece" }),
      item: CartWithProducts.properties.items.items,
    }),
  ),
});
export type Order = Static<typeof Order>;

export const PlacedOrder = Type.Object({
  ...Order.properties,
  placedAt: Type.String({ format: "date-time" }),
  status: Type.Literal("placed"),
  total: Type.Object(Money.properties, { description: "Shipping and all lines" }),
});

export const OrderSummary = Type.Object({
  orderId: Type.String(),
  placedAt: Type.String({ format: "date-time" }),
  status: Type.Literal("placed"),
  total: Type.Object(Money.properties),
  itemCount: Type.Integer({ description: "Pieces" }),
  items: Type.Array(CartLine),
});

export const ProblemDetails = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String({ description: "What was wrong, fit to show to people" })),
    reason: Type.Optional(Type.String({ description: "Stable, UPPER_SNAKE_CASE" })),
    errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
  },
  { description: "RFC 9457 problem details" },
);
