import type { Product } from "./product.ts";

/** The port to where products are kept. */
export interface ProductStore {
  /** All products, by id. */
  list(): Promise<readonly Product[]>;
  /** What matches, best first; everything by id for an empty query. */
  search(query: string): Promise<readonly Product[]>;
  isReachable(): Promise<boolean>;
}
