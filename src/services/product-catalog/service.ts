import { ProductCatalogService } from "../../../gen/oteldemo/product_catalog_pb.ts";
import { declareService } from "../../platform/lifecycle/service.ts";
import { productCatalogFlags } from "./flags.ts";

export const productCatalog = declareService({
  name: "product-catalog",
  summary: "Lists, finds and searches the products of the shop.",
  criticality: "high",
  port: { variable: "PRODUCT_CATALOG_PORT", fallback: 3550 },
  address: "PRODUCT_CATALOG_ADDR",
  rpc: [ProductCatalogService],
  calls: [],
  schema: "catalog",
  flags: productCatalogFlags,
  load: () => import("./server.ts"),
});
