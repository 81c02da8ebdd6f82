import { declareFlags } from "../platform/flags/flag.ts";

export const loadFlags = declareFlags([
  {
    key: "loadGeneratorTraffic",
    description: "Let the load generator send requests",
    variants: { on: 1, off: 0 },
    resting: "on",
  },
  {
    key: "loadGeneratorVUs",
    description: "How many users the load generator stands for",
    variants: { "5": 5, "10": 10, "25": 25, "50": 50 },
    resting: "5",
  },
  {
    key: "loadGeneratorFloodHomepage",
    description: "Flood the home page with requests",
    variants: { off: 0, "10x": 10, "50x": 50, "100x": 100 },
    resting: "off",
    fault: {
      category: "traffic",
      effect: "Some users of the load generator ask for the home page 10, 50 or 100 times in a row, without a pause.",
      blastRadius: "Everybody: the front proxy and frontend answer many more requests.",
      symptom: "Requests of GET / rise many times over, while orders do not; latency rises with them.",
      bound: "At most 100 requests for each time that the task is drawn.",
    },
  },
]);
