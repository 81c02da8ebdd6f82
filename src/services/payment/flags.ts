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
]);
