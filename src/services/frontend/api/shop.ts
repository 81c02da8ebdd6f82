import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import type { AdService } from "../../../../gen/oteldemo/ad_pb.ts";
import type { CartItem, CartService } from "../../../../gen/oteldemo/cart_pb.ts";
import type { CheckoutService, PlacedOrder } from "../../../../gen/oteldemo/checkout_pb.ts";
import type { CurrencyService } from "../../../../gen/oteldemo/currency_pb.ts";
import type { Money as MoneyMessage } from "../../../../gen/oteldemo/money_pb.ts";
import type { OrderResult } from "../../../../gen/oteldemo/order_pb.ts";
import type { ProductCatalogService, Product as ProductMessage } from "../../../../gen/oteldemo/product_catalog_pb.ts";
import type { RecommendationService } from "../../../../gen/oteldemo/recommendation_pb.ts";
import type { ShippingService } from "../../../../gen/oteldemo/shipping_pb.ts";
import { preferring } from "../../../platform/rpc/preferring.ts";
import type { Money, Order, Product } from "./schemas.ts";

export interface ShopClients {
  readonly ad: Client<typeof AdService>;
  readonly cart: Client<typeof CartService>;
  readonly catalog: Client<typeof ProductCatalogService>;
  readonly checkout: Client<typeof CheckoutService>;
  readonly currency: Client<typeof CurrencyService>;
  readonly recommendation: Client<typeof RecommendationService>;
  readonly shipping: Client<typeof ShippingService>;
}

/** The currency that the catalogue's prices are in. */
const catalogueCurrency = "USD";

/** What the API's routes are made of: the services' answers in the API's shapes, prices in the currency asked for. */
export function openShop({ catalog, currency }: Pick<ShopClients, "catalog" | "currency">) {
  const convert = preferring({
    preferred: async (input: { from: MoneyMessage[]; toCode: string }) =>
      (await currency.convertBatch(input)).converted,
    plain: ({ from, toCode }) => Promise.all(from.map((money) => currency.convert({ from: money, toCode }))),
  });
  const find = preferring({
    preferred: async (ids: string[]) => (await catalog.getProducts({ ids })).products,
    plain: async (ids) => {
      const { products } = await catalog.listProducts({});
      return ids.flatMap((id) => products.find((product) => product.id === id) ?? []);
    },
  });

  /** Products with their prices converted, all in one call; in US dollars without a code. */
  async function localize(products: readonly ProductMessage[], code: string | undefined): Promise<Product[]> {
    const prices = products.flatMap(({ priceUsd }) => priceUsd ?? []);
    const isAsListed = code === undefined || code === "" || code === catalogueCurrency;
    const converted = isAsListed ? prices : await convert({ from: prices, toCode: code });
    return products.map(({ id, name, description, picture, categories }, index) => ({
      id,
      name,
      description,
      picture,
      priceUsd: moneyJson(converted[index]),
      categories,
    }));
  }

  async function productsById(ids: readonly string[], code: string | undefined): Promise<ReadonlyMap<string, Product>> {
    const unique = [...new Set(ids)];
    if (unique.length === 0) return new Map();
    const products = await localize(await find(unique), code);
    return new Map(products.map((product) => [product.id, product]));
  }

  return {
    localize,
    productsById,
    /** Lines of a cart or an order with their products; null where there is none any more. */
    async withProducts(items: readonly CartItem[], code: string | undefined) {
      const products = await productsById(
        items.map(({ productId }) => productId),
        code,
      );
      return items.map(({ productId, quantity }) => ({
        productId,
        quantity,
        product: products.get(productId) ?? null,
      }));
    },
    async order(order: OrderResult, code: string | undefined): Promise<Order> {
      return orderJson(order, await this.withProducts(linesOf(order), code));
    },
    /** An order that was placed just now: it stands, even when its products cannot be had to show them. */
    async newOrder(order: OrderResult, code: string | undefined): Promise<Order> {
      try {
        return await this.order(order, code);
      } catch {
        const lines = linesOf(order);
        return orderJson(
          order,
          lines.map(({ productId, quantity }) => ({ productId, quantity, product: null })),
        );
      }
    },
  };
}

function linesOf(order: OrderResult): CartItem[] {
  return order.items.flatMap(({ item }) => item ?? []);
}

function orderJson(order: OrderResult, items: readonly Order["items"][number]["item"][]): Order {
  const { streetAddress = "", city = "", state = "", country = "", zipCode = "" } = order.shippingAddress ?? {};
  return {
    orderId: order.orderId,
    shippingTrackingId: order.shippingTrackingId,
    shippingCost: moneyJson(order.shippingCost),
    shippingAddress: { streetAddress, city, state, country, zipCode },
    items: items.map((item, index) => ({ cost: moneyJson(order.items[index]?.cost), item })),
  };
}

export function moneyJson(money: MoneyMessage | undefined): Money {
  return { currencyCode: money?.currencyCode ?? "", units: Number(money?.units ?? 0n), nanos: money?.nanos ?? 0 };
}

export function summaryJson({ order, placedAt, total }: PlacedOrder) {
  const items = (order?.items ?? []).flatMap(({ item }) =>
    item === undefined ? [] : [{ productId: item.productId, quantity: item.quantity }],
  );
  return {
    orderId: order?.orderId ?? "",
    placedAt: placedAtJson(placedAt),
    status: "placed" as const,
    total: moneyJson(total),
    itemCount: items.reduce((count, { quantity }) => count + quantity, 0),
    items,
  };
}

export function placedAtJson(placedAt: PlacedOrder["placedAt"]): string {
  return placedAt === undefined ? new Date(0).toISOString() : timestampDate(placedAt).toISOString();
}
