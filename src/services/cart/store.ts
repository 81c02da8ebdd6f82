import type { Cart, Change } from "./cart.ts";

/** The port to where carts are kept. */
export interface CartStore {
  /** The cart of a user; an empty one for users who have none, or whose cart has expired. */
  get(userId: string): Promise<Cart>;
  /**
   * Applies a change to the cart as it is, whatever others do at the same time, and starts its time to live anew.
   * `change` may run more than once. A refused change leaves the cart as it was.
   */
  update(userId: string, change: (cart: Cart) => Change): Promise<Change>;
  clear(userId: string): Promise<void>;
  isReachable(): Promise<boolean>;
}
