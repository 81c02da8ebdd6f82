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
  {
    key: "recommendationRetryStorm",
    description: "Let recommendation repeat calls without end",
    variants: { off: 0, "10x": 10, "50x": 50 },
    resting: "off",
    fault: {
      category: "traffic",
      effect:
        "Each request calls ListProducts that many times more, all at once, as a client does that does not wait between attempts.",
      blastRadius: "product-catalog gets many times the calls; everybody who needs it waits.",
      symptom:
        "Calls of ListProducts from recommendation rise many times over, while requests for recommendations stay as many as before.",
      bound: "Fifty calls for a request.",
    },
  },
  {
    key: "recommendationCohortFailure",
    description: "Fail to recommend to some sessions",
    variants: { on: true, off: false },
    resting: "off",
    targeting: {
      if: [{ in: [{ substr: [{ var: "targetingKey" }, 0, 1] }, ["0", "1", "2", "3"]] }, "off", "off"],
    },
    fault: {
      category: "error",
      effect:
        "ListRecommendations answers UNAVAILABLE to sessions whose id begins with 0, 1, 2 or 3, a quarter of them, and is not repeated.",
      blastRadius: "A quarter of the sessions, always the same ones: they see no recommendations.",
      symptom: "Errors of RecommendationService at 25 %; those who have one have only these.",
    },
  },
]);
