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
        "EmptyCart answers FAILED_PRECONDITION with the given probability, as if the store refused the connection, and is not repeated.",
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
        "Whoever routes by health: Kubernetes sends cart no more calls, docker compose calls it unhealthy. In the embedded shop, where nobody does, the front port is not ready, and nothing else happens.",
      symptom:
        "cart logs that it is not ready, and its health check says so, while it answers every call without an error.",
    },
  },
  {
    key: "cartStoreCredentials",
    description: "Use credentials that the store of carts refuses",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "store",
      effect:
        "Before each call, cart logs in to its store as a user that is not there any more, and fails as the store refuses: UNAVAILABLE.",
      blastRadius: "Everybody who has a cart or wants one; products can still be looked at.",
      symptom: "All calls of cart fail with STORE_UNAVAILABLE, and the store tells of logins that it refused.",
    },
  },
]);
