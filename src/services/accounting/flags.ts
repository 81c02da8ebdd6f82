import { declareFlags } from "../../platform/flags/flag.ts";

export const accountingFlags = declareFlags([
  {
    key: "accountingStuck",
    description: "Let accounting get stuck on a message",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "events",
      effect: "The consumer of accounting does not finish the message that it has begun, and takes no other one.",
      blastRadius: "Orders are placed and not booked; customers notice nothing.",
      symptom: "The lag of the consumer group accounting grows, without an error; no spans of it end.",
    },
  },
]);
