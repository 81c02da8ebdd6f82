import type { Money } from "../shared/money.ts";

/** A product as the shop's API gives it; `priceUsd` is in the currency that was asked for, whatever its name says. */
export type Product = {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** File name below `/images/products/`; may be empty. */
  readonly picture: string;
  readonly priceUsd: Money;
  readonly categories: readonly string[];
};

export type CartLine = {
  readonly productId: string;
  readonly quantity: number;
  /** Null when the product has left the catalogue since it was added. */
  readonly product: Product | null;
};

export type Cart = { readonly userId: string; readonly items: readonly CartLine[] };

export type Address = {
  readonly streetAddress: string;
  readonly city: string;
  readonly state: string;
  readonly country: string;
  readonly zipCode: string;
};

export type OrderRequest = {
  readonly userId: string;
  readonly email: string;
  readonly userCurrency: string;
  readonly address: Address;
  readonly creditCard: {
    readonly creditCardNumber: string;
    readonly creditCardCvv: number;
    readonly creditCardExpirationYear: number;
    readonly creditCardExpirationMonth: number;
  };
};

export type OrderItem = {
  /** The price of one piece, in the currency of the order. */
  readonly cost: Money;
  readonly item: { readonly productId: string; readonly quantity: number; readonly product: Product | null };
};

export type PlacedOrder = {
  readonly orderId: string;
  readonly shippingTrackingId: string;
  readonly shippingCost: Money;
  readonly shippingAddress: Address;
  readonly items: readonly OrderItem[];
};

export type Order = PlacedOrder & {
  /** ISO 8601. */
  readonly placedAt: string;
  readonly status: string;
  readonly total: Money;
};

export type OrderSummary = {
  readonly orderId: string;
  /** ISO 8601. */
  readonly placedAt: string;
  readonly status: string;
  readonly total: Money;
  readonly itemCount: number;
  readonly items: readonly { readonly productId: string; readonly quantity: number }[];
};

export type Ad = { readonly redirectUrl: string; readonly text: string };
