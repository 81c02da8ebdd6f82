import { declareFlags } from "../../platform/flags/flag.ts";

export const currencyFlags = declareFlags([
  {
    key: "currencyConversionFailure",
    description: "Fail to convert to one currency",
    variants: { off: "", CAD: "CAD", EUR: "EUR", JPY: "JPY" },
    resting: "off",
    fault: {
      category: "error",
      effect:
        "Convert and ConvertBatch to that currency answer UNAVAILABLE, and are not repeated; others are converted.",
      blastRadius: "Customers who pay in that currency: no prices, no orders.",
      symptom: "Errors of CurrencyService with demo.exchange.to of one currency only.",
    },
  },
  {
    key: "currencyWrongRate",
    description: "Convert by a wrong rate",
    variants: { off: 1, "10x": 10, "0.1x": 0.1 },
    resting: "off",
    fault: {
      category: "configuration",
      effect: "What is converted to Canadian dollars is ten times as much as it should be, or a tenth.",
      blastRadius: "Customers who pay in Canadian dollars are asked for a wrong price, and are charged it.",
      symptom:
        "The revenue of an order in CAD is ten times that in USD, or a tenth; nothing fails and nothing is slow.",
    },
  },
  {
    key: "currencyEventLoopStall",
    description: "Let currency stall again and again",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "resource",
      effect: "Of every second, the event loop of currency is blocked for 700 ms.",
      blastRadius: "Everything that needs prices waits: pages, carts, orders.",
      symptom:
        "The delay of the event loop of the process of currency rises to hundreds of milliseconds, and all its calls are as late.",
      needsOwnProcess: { heapMb: 96 },
    },
  },
]);
