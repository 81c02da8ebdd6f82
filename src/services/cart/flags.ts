import { declareFlags } from "../../platform/flags/flag.ts";

export const cartFlags = declareFlags([
  {
    key: "cartFailure",
    description: "Fail to empty carts",
    variants: { off: 0, "10%": 0.1, "25%": 0.25, "50%": 0.5, "75%": 0.75, "90%": 0.9, "100%": 1 },
    resting: "off",
    fault: {
      category: "store",
      effect:
        "EmptyCart answers FAILED_PRECONDITION with the given probability, as a store would that refuses the connection.",
      blastRadius: "Customers whose order is placed: their cart is still full afterwards. No order is lost.",
      symptom:
        "Errors of CartService/EmptyCart; checkout logs that a cart was not emptied; the error budget of cart burns.",
    },
  },
  {
    key: "failedReadinessProbe",
    description: "Fail the readiness probe of cart",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "error",
      effect: "The health check of cart answers NOT_SERVING, while its calls are answered.",
      blastRadius:
        "Whoever routes by health takes cart out: the front proxy answers 503 for it, Kubernetes sends it no more calls.",
      symptom: "The readiness of cart is false; its calls from outside fail while the process is healthy.",
    },
  },
]);
