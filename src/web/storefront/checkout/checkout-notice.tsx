import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Failure } from "../api.ts";
import { describeFailure, type FailureText } from "../feedback/describe-failure.ts";
import { Notice } from "../feedback/notice.tsx";
import { setCurrencyCode } from "../session.ts";
import type { Checkout } from "./place-order.ts";

const cardTitles: Readonly<Record<string, string>> = {
  CARD_DECLINED: "The card was declined",
  CARD_INVALID: "This is not a valid card",
  CARD_EXPIRED: "The card has expired",
  CARD_BRAND_NOT_ACCEPTED: "We do not take this kind of card",
};

/** Whether a failure is about the card, and so belongs beside its fields. */
export function isAboutCard(checkout: Checkout): boolean {
  return checkout.state === "refused" && checkout.failure.kind === "refused" && checkout.failure.reason in cardTitles;
}

function describeRefusal(failure: Failure): FailureText {
  if (failure.kind !== "refused") return describeFailure(failure);
  const cardTitle = cardTitles[failure.reason];
  if (cardTitle) {
    return {
      title: cardTitle,
      text: `${failure.detail} Nothing was charged. Check the card, or use another one.`.trim(),
    };
  }
  switch (failure.reason) {
    case "CART_EMPTY":
      return {
        title: "Your cart is empty",
        text: "It may have been bought or emptied in another window. Nothing was charged this time.",
      };
    case "PRODUCT_NOT_FOUND":
      return {
        title: "Something in your cart is no longer sold",
        text: `${failure.detail} Remove it and place the order again. Nothing was charged.`.trim(),
      };
    case "QUANTITY_OUT_OF_RANGE":
      return {
        title: "The shop does not sell this many at once",
        text: `${failure.detail} Nothing was charged.`.trim(),
      };
    case "IDEMPOTENCY_KEY_REUSED":
      return {
        title: "An order like this was already sent with other details",
        text: "Look at “My orders” before you try again.",
      };
    case "INVALID_REQUEST":
      return {
        title: "Please check what you typed",
        text: `${failure.detail} Nothing was charged.`.trim(),
      };
    case "CURRENCY_UNSUPPORTED":
      return describeFailure(failure);
    default:
      return { title: "Your order was not placed", text: `${failure.detail} Nothing was charged.`.trim() };
  }
}

/** Failures after which the shop itself says in words how things stand with the money. */
const explained = ["PAYMENT_FAILED", "PAYMENT_UNAVAILABLE", "SHIPPING_UNAVAILABLE"];

function uncertainTitle(failure: Failure): string {
  switch (failure.kind) {
    case "unreachable":
      return "The connection was lost while your order was on its way";
    case "timeout":
      return "The shop has not answered in time";
    case "refused":
      return "The shop could not finish your order just now";
  }
}

/** Why there is no order yet, in words; takes the focus when it appears. */
export function CheckoutNotice({ checkout }: { readonly checkout: Checkout }) {
  if (checkout.state === "refused") {
    const { title, text } = describeRefusal(checkout.failure);
    const currencyRefused = checkout.failure.kind === "refused" && checkout.failure.reason === "CURRENCY_UNSUPPORTED";
    return (
      <Notice tone="danger" title={title} takesFocus>
        <p>{text}</p>
        {currencyRefused && (
          <div>
            <Button onClick={() => setCurrencyCode("USD")}>Pay in US dollars</Button>
          </div>
        )}
      </Notice>
    );
  }
  if (checkout.state === "uncertain") {
    const { failure } = checkout;
    return (
      <Notice tone="info" title={uncertainTitle(failure)} takesFocus>
        {failure.kind === "refused" && explained.includes(failure.reason) && <p>{failure.detail}</p>}
        <p>
          Everything you typed is still here. Press Place Order again: it is the same order, so you will not be charged
          twice.
        </p>
        <p>
          If you would rather change something, look at <Link to="/orders">My orders</Link> first. A changed order is a
          new one.
        </p>
      </Notice>
    );
  }
  return null;
}
