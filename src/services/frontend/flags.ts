import { declareFlags } from "../../platform/flags/flag.ts";

export const frontendFlags = declareFlags([
  {
    key: "imageSlowLoad",
    description: "Load pictures of products slowly",
    variants: { off: 0, "5sec": 5000, "10sec": 10000 },
    resting: "off",
    fault: {
      category: "latency",
      effect:
        "The browser asks for the pictures on product cards with the header x-envoy-fault-delay-request, by which the front proxy delays them 5 or 10 s. In the mesh Envoy does so once it is allowed to at its admin port.",
      blastRadius: "Everybody who looks at lists of products in a browser; nobody who calls services.",
      bound: "Pictures only, 10 s at most, and a hundred requests at once; others are answered at once.",
      symptom: "Requests of /images/ take 5 or 10 s at the front proxy; the largest contentful paint of pages rises.",
    },
  },
]);
