import { declareFlags } from "../../platform/flags/flag.ts";

export const quoteFlags = declareFlags([
  {
    key: "quoteCreepingLatency",
    description: "Let quotes get slower and slower",
    variants: { off: 0, "100ms": 100, "1s": 1000, "6s": 6000 },
    resting: "off",
    fault: {
      category: "latency",
      effect: "Each quote takes longer by that much for every minute since the flag was switched on.",
      blastRadius: "Everybody who asks for shipping costs, and each order.",
      symptom: "The latency of QuoteService and of all that wait for it grows in a straight line, without a step.",
      bound: "Five seconds.",
    },
  },
  {
    key: "quoteBusyMoments",
    description: "Let quote compute for a moment now and then",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "decoy",
      effect: "quote computes for 20 ms in every second, which is no trouble to anybody.",
      blastRadius: "Nobody.",
      symptom: "CPU of the process rises by 2 %; no call fails or is noticeably slower.",
    },
  },
]);
