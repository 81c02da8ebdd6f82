import { declareFlags } from "../../platform/flags/flag.ts";

export const checkoutFlags = declareFlags([
  {
    key: "paymentUnreachable",
    description: "Make payment unreachable",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "error",
      effect:
        "checkout calls payment at an address that nobody answers: Charge and Refund fail with UNAVAILABLE, and PlaceOrder does.",
      blastRadius: "Every order: none can be paid, none is placed, nobody is charged.",
      symptom:
        "Errors of checkout at 100 % of orders, with calls to badAddress, while payment sees no calls at all. Orders wait in the state refunding until it can be reached.",
    },
  },
  {
    key: "kafkaQueueProblems",
    description: "Overload the queue of orders and slow down a consumer",
    variants: { on: 100, off: 0 },
    resting: "off",
    fault: {
      category: "events",
      effect:
        "checkout publishes each order 100 times more, marked by the header orrery-copy, and fraud-detection takes a second longer for each message.",
      blastRadius: "fraud-detection falls behind; orders are placed, and booked once.",
      symptom: "The lag of the consumer group fraud-detection grows; messages of the topic orders rise a hundredfold.",
      bound: "Copies stop with the flag; what is queued is worked off then.",
    },
  },
  {
    key: "checkoutLockContention",
    description: "Lock the table of orders",
    variants: { off: 0, "1s": 1, "3s": 3 },
    resting: "off",
    fault: {
      category: "store",
      effect:
        "A transaction holds the table of orders for one or three seconds, again and again with a tenth of a second between: no order is written meanwhile.",
      blastRadius: "Every order waits for up to that long, and longer under load.",
      symptom:
        "Orders take seconds, spent in INSERT and UPDATE of orders; PostgreSQL shows sessions that wait for a lock.",
      bound: "Each lock is held for three seconds at most.",
    },
  },
  {
    key: "orderEventsReplayed",
    description: "Publish orders again, in a wrong order",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "events",
      effect:
        "Each time that orders are published, those of the last time are published once more, the last one first.",
      blastRadius: "Consumers handle each order twice; it is booked and scored once.",
      symptom: "Events that were handled already: demo.event.duplicate on spans of consumers; books agree with orders.",
      bound: "Two copies of each order.",
    },
  },
]);
