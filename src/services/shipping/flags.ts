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
]);
