import { declareFlags } from "../../platform/flags/flag.ts";

export const paymentFlags = declareFlags([
  {
    key: "paymentFailure",
    description: "Fail to charge cards",
    variants: { off: 0, "10%": 0.1, "25%": 0.25, "50%": 0.5, "75%": 0.75, "90%": 0.95, "100%": 1 },
    resting: "off",
    fault: {
      category: "error",
      effect:
        "Charge answers UNKNOWN with the given probability before anything is charged, and is not repeated; 90% fails 95 of 100. checkout answers INTERNAL for such an order, and the web API 500.",
      blastRadius: "That share of orders: they are not placed, and nobody is charged for them.",
      symptom: "Errors of PaymentService/Charge and of checkout at that rate; placed orders fall.",
    },
  },
  {
    key: "paymentClockSkew",
    description: "Let the clock of payment run ahead",
    variants: { off: 0, "20years": 20 },
    resting: "off",
    fault: {
      category: "configuration",
      effect:
        "payment judges cards as if it were 20 years later: most have expired, and are declined with CARD_EXPIRED.",
      blastRadius: "Customers whose card expires before then: their orders are refused, and nobody is charged.",
      symptom:
        "Declines for CARD_EXPIRED rise from nothing to nearly all, without an error of any service; placed orders fall.",
    },
  },
  {
    key: "paymentSlowAfterCharge",
    description: "Charge cards and answer too late",
    variants: { off: 0, "10%": 0.1, "50%": 0.5, "100%": 1 },
    resting: "off",
    fault: {
      category: "latency",
      effect:
        "That share of charges is recorded, and then answered only when its caller has given up: DEADLINE_EXCEEDED at checkout for a card that was charged.",
      blastRadius:
        "That share of orders: checkout finds out what became of the charge, and refunds or places them later. Nobody is charged twice.",
      symptom:
        "Deadlines of PaymentService/Charge that pass, and refunds, while payment itself records charges as ever.",
      bound: "Until the deadline of the call, 30 s at most.",
    },
  },
  {
    key: "paymentPoolExhaustion",
    description: "Take the connections to the database away from payment",
    variants: { off: 0, most: 5, all: 6 },
    resting: "off",
    fault: {
      category: "store",
      effect:
        "payment holds five or all six connections of its pool in statements that only wait, so that charges wait for one.",
      blastRadius: "Every order waits; with all connections taken, charges fail at their deadline.",
      symptom:
        "Charges take seconds or time out, while each statement in PostgreSQL is as fast as ever; connections of payment are all busy.",
      bound: "Each statement ends within two seconds.",
    },
  },
]);
