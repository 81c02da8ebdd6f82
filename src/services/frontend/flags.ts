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
        "The browser asks for the pictures on product cards with a header by which the front proxy delays them 5 or 10 s.",
      blastRadius: "Everybody who looks at lists of products in a browser; nobody who calls services.",
      symptom: "Requests of /images/ take 5 or 10 s at the front proxy; the largest contentful paint of pages rises.",
    },
  },
]);
