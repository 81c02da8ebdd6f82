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
        "GetProduct answers INTERNAL for OLJCESPC7Z, the National Park Foundation Explorascope, and nothing else.",
      blastRadius: "Whoever looks at this product, has it in the cart or orders it.",
      symptom: "Errors of ProductCatalogService/GetProduct with demo.product.id OLJCESPC7Z only.",
    },
  },
]);
