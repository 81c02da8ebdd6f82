import { declareFlags } from "../../platform/flags/flag.ts";

export const shippingFlags = declareFlags([
  {
    key: "intlShippingSlowdown",
    description: "Ship slowly outside of the United States",
    variants: { off: 0, "5sec": 5, "10sec": 10 },
    resting: "off",
    fault: {
      category: "latency",
      effect:
        "ShipOrder takes 5 or 10 s longer for addresses outside of the United States, that is those whose country is none of US, USA, United States and United States of America.",
      blastRadius: "Customers abroad: their orders take that much longer.",
      symptom: "The latency of ShippingService/ShipOrder and of checkout for addresses abroad; no errors.",
    },
  },
  {
    key: "shippingDescriptorLeak",
    description: "Leak file descriptors in shipping",
    variants: { off: 0, "10x": 10, "100x": 100 },
    resting: "off",
    fault: {
      category: "resource",
      effect: "Each quote opens that many descriptors that are never closed.",
      blastRadius:
        "shipping, which ends when it has as many as it may, and starts anew: quotes and orders fail meanwhile.",
      symptom: "Descriptors of the process of shipping grow with each call; it ends and starts again.",
      bound: "4,000 descriptors: then the process ends.",
      needsOwnProcess: { heapMb: 96 },
    },
  },
  {
    key: "shippingDeployment",
    description: "Tell of a deployment of shipping",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "decoy",
      effect: "shipping tells that another version of it is being deployed; nothing else happens.",
      blastRadius: "Nobody.",
      symptom: "A deployment on all charts, just when something else may go wrong.",
    },
  },
]);
