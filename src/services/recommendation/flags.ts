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
        "Half of the requests add all products, and then a quarter of what is there, to a list of product ids that is emptied only when the flag is off; every request searches all of it.",
      blastRadius:
        "recommendation, which gets slower and larger until its process ends; pages show no recommendations then.",
      symptom: "The memory of recommendation grows with each request, and its latency with it.",
      bound: "The heap limit of the process, 192 MiB; in the mesh that of its container, or else 32 million ids.",
      needsOwnProcess: { heapMb: 192 },
    },
  },
]);
