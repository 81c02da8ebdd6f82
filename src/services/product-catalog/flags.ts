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
]);
