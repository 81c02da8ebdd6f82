import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { CartService } from "../../../gen/oteldemo/cart_pb.ts";
import type { PlaceOrderRequest } from "../../../gen/oteldemo/checkout_pb.ts";
import type { CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import type { Money as MoneyMessage } from "../../../gen/oteldemo/money_pb.ts";
import { OrderResultSchema } from "../../../gen/oteldemo/order_pb.ts";
import type { Product, ProductCatalogService } from "../../../gen/oteldemo/product_catalog_pb.ts";
import type { ShippingService } from "../../../gen/oteldemo/shipping_pb.ts";
import { fromMessage, MoneyError, multiply, sum, toMessage } from "../../domain/money.ts";
import { errorInfo, platformErrors, rpcError } from "../../platform/rpc/errors.ts";
import { preferring } from "../../platform/rpc/preferring.ts";
import { checkoutErrors } from "./errors.ts";
import type { PricedOrder } from "./order.ts";

export interface PricingClients {
  readonly cart: Client<typeof CartService>;
  readonly catalog: Client<typeof ProductCatalogService>;
  readonly currency: Client<typeof CurrencyService>;
  readonly shipping: Client<typeof ShippingService>;
}

/**
 * Prices what is in a user's cart, in the user's currency. Reads only; each failure is a declared error, and safe to
 * try again.
 */
export function orderPricer(clients: PricingClients): (request: PlaceOrderRequest) => Promise<PricedOrder> {
  const { cart, catalog, currency, shipping } = clients;

  const products = preferring({
    preferred: async (ids: string[]) => (await catalog.getProducts({ ids })).products,
    plain: (ids) => Promise.all(ids.map((id) => catalog.getProduct({ id }))),
  });
  const converted = preferring({
    preferred: async (input: { from: MoneyMessage[]; toCode: string }) =>
      (await currency.convertBatch(input)).converted,
    plain: ({ from, toCode }) => Promise.all(from.map((money) => currency.convert({ from: money, toCode }))),
  });

  return async (request) => {
    const { userId, userCurrency, address, email } = request;
    const { items: lines } = await from("The cart", cart.getCart({ userId }));
    // The OpenTelemetry Demo's cart keeps the lines of products that were taken out.
    const items = lines.filter(({ quantity }) => quantity !== 0);
    if (items.length === 0) {
      throw rpcError(checkoutErrors.CART_EMPTY, "The cart is empty; put something in before ordering.");
    }
    const [found, quote] = await Promise.all([
      from("The product catalogue", products(items.map(({ productId }) => productId))),
      from("The shipping quote", shipping.getQuote(address === undefined ? { items } : { address, items })),
    ]);
    const byId = new Map(found.map((product) => [product.id, product]));
    const unitPrices = items.map(({ productId }) => priceOf(productId, byId.get(productId)));
    if (quote.costUsd === undefined) throw rpcError(platformErrors.INTERNAL, "The shipping quote holds no price.");
    const [shippingCost, ...costs] = await from(
      "The currency conversion",
      converted({ from: [quote.costUsd, ...unitPrices], toCode: userCurrency }),
    );
    if (shippingCost === undefined || costs.length !== items.length) {
      throw rpcError(platformErrors.INTERNAL, "The currency conversion left amounts out.");
    }
    const priced = items.map((item, index) => ({ item, cost: costs[index] ?? shippingCost }));
    const orderId = randomUUID();
    return {
      orderId,
      userId,
      email,
      result: create(OrderResultSchema, {
        orderId,
        shippingCost,
        ...(address === undefined ? {} : { shippingAddress: address }),
        items: priced,
      }),
      total: total(
        userCurrency,
        shippingCost,
        priced.map(({ item, cost }) => ({ cost, quantity: item.quantity })),
      ),
    };
  };
}

function priceOf(productId: string, product: Product | undefined): MoneyMessage {
  if (product?.priceUsd !== undefined) return product.priceUsd;
  throw rpcError(
    checkoutErrors.PRODUCT_NOT_FOUND,
    `Product ${JSON.stringify(productId)} in the cart is not sold any more; take it out and order again.`,
    { metadata: { productId } },
  );
}

function total(
  currency: string,
  shipping: MoneyMessage,
  lines: readonly { readonly cost: MoneyMessage; readonly quantity: number }[],
) {
  try {
    const amounts = lines.map(({ cost, quantity }) => multiply(fromMessage(cost), quantity));
    const all = sum(currency, [fromMessage(shipping), ...amounts]);
    toMessage(all);
    return all;
  } catch (cause) {
    if (!(cause instanceof MoneyError)) throw cause;
    throw rpcError(checkoutErrors.AMOUNT_OUT_OF_RANGE, `The order cannot be priced: ${cause.message}.`, { cause });
  }
}

/** The answer of a dependency; errors that it declared are passed on, others become ours. */
async function from<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (!(cause instanceof ConnectError)) throw cause;
    if (cause.code === Code.DeadlineExceeded) {
      throw rpcError(platformErrors.DEADLINE_EXCEEDED, `${what} took too long; nothing was charged.`, { cause });
    }
    if (cause.code === Code.Canceled) throw cause;
    const info = errorInfo(cause);
    const isRefusal = cause.code !== Code.Unavailable && cause.code !== Code.Internal && cause.code !== Code.Unknown;
    if (info !== undefined && isRefusal) throw cause;
    throw rpcError(platformErrors.SERVICE_UNAVAILABLE, `${what} cannot be had at the moment; nothing was charged.`, {
      cause,
    });
  }
}
