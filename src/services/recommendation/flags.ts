import { declareFlags } from "../../platform/flags/flag.ts";

export const recommendationFlags = declareFlags([
  {
    key: "recommendationCacheFailure",
    description: "Use a cache in recommendation that grows without end",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "resource",
      effect:
        "Half of the requests add a quarter more to a list of product ids that is never emptied, and search all of it.",
      blastRadius:
        "recommendation, which gets slower and larger until its process ends; pages show no recommendations then.",
      symptom: "The memory of recommendation grows with each request, and its latency with it.",
      bound: "The memory limit of the process, 192 MiB.",
      needsOwnProcess: true,
    },
  },
]);
