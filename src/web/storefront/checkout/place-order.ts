import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import * as api from "../api.ts";
import type { CartLine, OrderRequest, PlacedOrder } from "../model.ts";
import { closeAttempt, openAttempt } from "./open-attempt.ts";
import { contentOf, settles } from "./order-attempt.ts";

/** How far buying has come. */
export type Checkout =
  | { readonly state: "editing" }
  | { readonly state: "placing"; readonly lines: readonly CartLine[] }
  /** The shop said no: nothing was bought. */
  | { readonly state: "refused"; readonly failure: api.Failure }
  /** No answer: the order may exist. `lines` is what it is for, whatever the cart says by now. */
  | { readonly state: "uncertain"; readonly failure: api.Failure; readonly lines: readonly CartLine[] };

const pollMs = 1_000;
const polls = 15;

/** Sends the order, and while the shop is still working on it under this key, asks again. */
async function placeUntilSettled(order: OrderRequest, key: string): Promise<PlacedOrder> {
  for (let poll = 1; ; poll++) {
    try {
      return await api.placeOrder(order, key);
    } catch (error) {
      if (api.reasonOf(error) !== "ORDER_IN_PROGRESS" || poll === polls) throw error;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}

/** Buying the cart: at most once for the same form and cart, whatever happens to the connection. */
export function useCheckout(): {
  readonly checkout: Checkout;
  place(order: OrderRequest, lines: readonly CartLine[]): Promise<void>;
  /** The cart was changed: what is bought next is another order. */
  reset(): void;
} {
  const [checkout, setCheckout] = useState<Checkout>({ state: "editing" });
  const inFlight = useRef(false);
  const gone = useRef(false);
  const navigate = useNavigate();
  const client = useQueryClient();

  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);

  const place = useCallback(
    async (order: OrderRequest, lines: readonly CartLine[]) => {
      // A second click can come before the disabled button is on the screen.
      if (inFlight.current) return;
      inFlight.current = true;
      const { key } = openAttempt(contentOf(order, lines));
      setCheckout({ state: "placing", lines });
      try {
        const placed = await placeUntilSettled(order, key);
        closeAttempt();
        if (!gone.current) await navigate({ to: "/cart/checkout/$orderId", params: { orderId: placed.orderId } });
      } catch (error) {
        const failure = api.failureOf(error);
        if (settles(failure)) {
          closeAttempt();
          setCheckout({ state: "refused", failure });
        } else {
          setCheckout({ state: "uncertain", failure, lines });
        }
      } finally {
        inFlight.current = false;
        // Bought, or refused because the cart is out of date: either way the page's copy may be old.
        void client.invalidateQueries({ queryKey: ["cart"] });
        void client.invalidateQueries({ queryKey: ["orders"] });
      }
    },
    [client, navigate],
  );

  const reset = useCallback(() => setCheckout({ state: "editing" }), []);
  return { checkout, place, reset };
}
