import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { parsePlainSearch, stringifyPlainSearch } from "../shared/plain-search.ts";
import { PageProblem } from "./feedback/problem.tsx";
import { Layout } from "./layout/layout.tsx";
import page from "./layout/page.module.css";
import { HomePage } from "./pages/home.tsx";
import { NotFoundPage } from "./pages/not-found.tsx";
import * as queries from "./queries.ts";
import { currencyCode } from "./session.ts";

/** Starts a query while the code of its page is still on the way; the page itself shows how it went. */
const start = queries.queryClient.prefetchQuery.bind(queries.queryClient);

const root = createRootRoute({ component: Layout, notFoundComponent: () => <NotFoundPage /> });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  loader: () => void start(queries.products(currencyCode())),
  component: HomePage,
});

const category = createRoute({
  getParentRoute: () => root,
  path: "/category/$name",
  loader: ({ params }) => void start(queries.productsOfCategory(params.name, currencyCode())),
  component: lazyRouteComponent(() => import("./pages/category.tsx"), "CategoryPage"),
});

const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  validateSearch: (params: Record<string, unknown>) => ({ q: String(params.q ?? "") }),
  loaderDeps: ({ search: { q } }) => ({ q }),
  loader: ({ deps: { q } }) => void start(queries.productsFound(q, currencyCode())),
  component: lazyRouteComponent(() => import("./pages/search.tsx"), "SearchPage"),
});

const product = createRoute({
  getParentRoute: () => root,
  path: "/product/$productId",
  loader: ({ params }) => void start(queries.product(params.productId, currencyCode())),
  component: lazyRouteComponent(() => import("./pages/product.tsx"), "ProductPage"),
});

const cart = createRoute({
  getParentRoute: () => root,
  path: "/cart",
  loader: () => void start(queries.cart(currencyCode())),
  component: lazyRouteComponent(() => import("./pages/cart.tsx"), "CartPage"),
});

const order = createRoute({
  getParentRoute: () => root,
  path: "/cart/checkout/$orderId",
  loader: ({ params }) => void start(queries.order(params.orderId, currencyCode())),
  component: lazyRouteComponent(() => import("./pages/order.tsx"), "OrderPage"),
});

const orders = createRoute({
  getParentRoute: () => root,
  path: "/orders",
  loader: () => void start(queries.orders),
  component: lazyRouteComponent(() => import("./pages/orders.tsx"), "OrdersPage"),
});

/** The shop's pages. Home is part of the first load, every other page arrives when it is wanted. */
export const router = createRouter({
  routeTree: root.addChildren([home, category, search, product, cart, order, orders]),
  defaultPreload: "intent",
  // The code of a page did not arrive: only loading the document again tries for it anew in every browser.
  defaultErrorComponent: ({ error }) => (
    <div className={page.page}>
      <PageProblem error={error} onRetry={() => window.location.reload()} />
    </div>
  ),
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  parseSearch: parsePlainSearch,
  stringifySearch: stringifyPlainSearch,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
