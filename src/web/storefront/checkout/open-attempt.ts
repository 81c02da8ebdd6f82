import { randomUuid } from "../../shared/uuid.ts";
import { nextAttempt, type OrderAttempt } from "./order-attempt.ts";

// Outlives the cart page, so that a shopper who looks at "My orders" and comes back still retries under the same key.
let open: OrderAttempt | undefined;

/** The attempt under which to send an order with this content: the open one, or a new one when it is another order. */
export function openAttempt(content: string): OrderAttempt {
  open = nextAttempt(open, content, randomUuid);
  return open;
}

/** The shop has decided, or the shopper has changed the cart: the next order is a new one, even if it looks the same. */
export function closeAttempt(): void {
  open = undefined;
}
