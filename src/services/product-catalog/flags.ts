import { declareFlags } from "../../platform/flags/flag.ts";

export const productCatalogFlags = declareFlags([
  {
    key: "productCatalogFailure",
    description: "Fail to get one product, OLJCESPC7Z",
    variants: { on: true, off: false },
    resting: "off",
    targeting: { if: [{ "==": [{ var: "product_id" }, "OLJCESPC7Z"] }, "off", "off"] },
    fault: {
      category: "error",
      effect:
        "GetProduct and GetProducts answer INTERNAL when they are asked for OLJCESPC7Z, the National Park Foundation Explorascope, and are not repeated; the list of all products and the search go on.",
      blastRadius: "Whoever looks at this product, has it in the cart, orders it or is recommended it.",
      symptom:
        "Errors of ProductCatalogService; those of GetProduct have demo.product.id OLJCESPC7Z only. Carts with the product in it cannot be ordered.",
    },
  },
  {
    key: "catalogSlowQueries",
    description: "Slow down queries of the catalogue",
    variants: { off: 0, "100ms": 0.1, "500ms": 0.5, "2s": 2 },
    resting: "off",
    fault: {
      category: "store",
      effect: "Each query of product-catalog takes that much longer in PostgreSQL.",
      blastRadius: "Whoever lists, finds or searches products: nearly everything.",
      symptom:
        "The duration of statements of product-catalog rises, and its calls with it; connections are held longer.",
    },
  },
  {
    key: "catalogCacheStampede",
    description: "Let the list of products expire at once, for everybody",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "store",
      effect: "product-catalog keeps nothing: each call reads all products anew, and calls do not share one reading.",
      blastRadius: "The database gets a query for each call; product-catalog gets slower under load.",
      symptom: "Queries of product-catalog rise from one a second to one for each of its calls.",
    },
  },
]);
