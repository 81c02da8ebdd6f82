import {
  hashKey,
  keepPreviousData,
  QueryClient,
  type QueryKey,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import * as api from "./api.ts";
import { closeAttempt } from "./checkout/open-attempt.ts";
import type { Address } from "./model.ts";
import { useCurrencyCode, userId } from "./session.ts";

const seconds = 1000;

/** Asking again helps only when the shop could not be reached or is overloaded. */
function worthRepeating(failures: number, error: Error): boolean {
  const failure = api.failureOf(error);
  return failures < 2 && (failure.kind !== "refused" || failure.status >= 500);
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30 * seconds,
      retry: worthRepeating,
      retryDelay: (failures) => 400 * 2 ** failures,
      // Without a network a page says so in words, instead of waiting silently for one.
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

/** While the currency changes, the old prices stay on the page instead of empty frames. Keys end with the currency. */
function oldPrices(key: QueryKey) {
  const thing = hashKey(key.slice(0, -1));
  return <T>(previous: T | undefined, query: { readonly queryKey: QueryKey } | undefined): T | undefined =>
    query && hashKey(query.queryKey.slice(0, -1)) === thing ? previous : undefined;
}

export const products = (currencyCode: string) =>
  queryOptions({
    queryKey: ["products", currencyCode],
    queryFn: ({ signal }) => api.listProducts({ currencyCode, signal }),
    placeholderData: oldPrices(["products", currencyCode]),
  });

export const productsOfCategory = (category: string, currencyCode: string) =>
  queryOptions({
    queryKey: ["products", { category }, currencyCode],
    queryFn: ({ signal }) => api.listProducts({ currencyCode, category, signal }),
    placeholderData: oldPrices(["products", { category }, currencyCode]),
  });

export const productsFound = (query: string, currencyCode: string) =>
  queryOptions({
    queryKey: ["products", { query }, currencyCode],
    queryFn: ({ signal }) => api.listProducts({ currencyCode, query, signal }),
    placeholderData: oldPrices(["products", { query }, currencyCode]),
  });

export const product = (id: string, currencyCode: string) =>
  queryOptions({
    queryKey: ["product", id, currencyCode],
    queryFn: ({ signal }) => api.getProduct(id, { currencyCode, signal }),
    placeholderData: oldPrices(["product", id, currencyCode]),
  });

export const cart = (currencyCode: string) =>
  queryOptions({
    queryKey: ["cart", currencyCode],
    queryFn: ({ signal }) => api.getCart(userId, { currencyCode, signal }),
    placeholderData: oldPrices(["cart", currencyCode]),
  });

export const currencies = queryOptions({
  queryKey: ["currency"],
  queryFn: ({ signal }) => api.listCurrencies(signal),
  staleTime: Number.POSITIVE_INFINITY,
  select: (codes) => codes.toSorted(),
});

export const shippingQuote = (
  items: readonly { productId: string; quantity: number }[],
  address: Address,
  currencyCode: string,
) =>
  queryOptions({
    queryKey: ["shipping", items, address, currencyCode],
    queryFn: ({ signal }) => api.quoteShipping(items, address, { currencyCode, signal }),
    enabled: items.length > 0,
    placeholderData: keepPreviousData,
  });

export const recommendations = (productIds: readonly string[], currencyCode: string) =>
  queryOptions({
    queryKey: ["recommendations", productIds, currencyCode],
    queryFn: ({ signal }) => api.listRecommendations(productIds, { userId, currencyCode, signal }),
    enabled: productIds.length > 0,
    placeholderData: keepPreviousData,
  });

export const ads = (contextKeys: readonly string[]) =>
  queryOptions({
    queryKey: ["ads", contextKeys],
    queryFn: ({ signal }) => api.listAds(contextKeys, signal),
    enabled: contextKeys.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const orders = queryOptions({
  queryKey: ["orders"],
  queryFn: ({ signal }) => api.listOrders(userId, signal),
  staleTime: 0,
});

export const order = (orderId: string, currencyCode: string) =>
  queryOptions({
    queryKey: ["order", orderId, currencyCode],
    queryFn: ({ signal }) => api.getOrder(orderId, { userId, currencyCode, signal }),
    placeholderData: oldPrices(["order", orderId, currencyCode]),
  });

export function useCart() {
  return useQuery(cart(useCurrencyCode()));
}

/** Adds pieces to the cart, or with a negative quantity takes them out; ends when the new cart is there. */
export function useAddToCart() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (item: { productId: string; quantity: number }) => {
      closeAttempt();
      return api.addToCart(userId, item);
    },
    // Also after a failure: a lost answer may hide a change.
    onSettled: () => client.invalidateQueries({ queryKey: ["cart"] }),
  });
}

/** Takes everything out of the cart; ends when the empty cart is there. */
export function useEmptyCart() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => {
      closeAttempt();
      return api.emptyCart(userId);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["cart"] }),
  });
}
