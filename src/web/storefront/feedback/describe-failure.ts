import type { Failure } from "../api.ts";

/** A failure in words for a shopper. */
export type FailureText = { readonly title: string; readonly text: string };

/** What to tell the shopper when a page or an action of the shop failed. */
export function describeFailure(failure: Failure): FailureText {
  switch (failure.kind) {
    case "unreachable":
      return { title: "The shop cannot be reached", text: "Check your connection, then try again." };
    case "timeout":
      return { title: "The shop takes too long to answer", text: "It may be very busy. Try again in a moment." };
    case "refused":
      if (failure.reason === "CURRENCY_UNSUPPORTED") {
        return {
          title: "We do not sell in this currency",
          text: failure.detail || "Choose one of the shop's currencies.",
        };
      }
      if (failure.status >= 500 || failure.detail === "") {
        return {
          title: "The shop cannot answer right now",
          text: "This is our fault, not yours. Try again in a moment.",
        };
      }
      return { title: "That did not work", text: failure.detail };
  }
}
