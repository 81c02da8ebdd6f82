import { declareFlags } from "../../platform/flags/flag.ts";

export const adFlags = declareFlags([
  {
    key: "adFailure",
    description: "Fail to get advertisements, one request in ten",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "error",
      effect: "GetAds answers UNAVAILABLE for one request in ten, drawn at random, and is not repeated.",
      blastRadius: "Pages of the shop, which show no advertisement; nobody is kept from buying.",
      symptom: "Errors of ad and of its caller frontend at about 10 % of requests; the error budget of ad burns.",
    },
  },
  {
    key: "adHighCpu",
    description: "Keep the processor busy in ad",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "resource",
      effect: "Four threads of ad compute without end, from its next request on until the flag is off.",
      blastRadius: "ad, which gets slower; on a machine with few cores its neighbours, too.",
      symptom: "CPU of the process of ad rises to several cores; GetAds gets slower.",
      bound: "Four threads, at lowered priority where the system lets them be.",
      needsOwnProcess: true,
    },
  },
  {
    key: "adManualGc",
    description: "Trigger full garbage collections in ad",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "resource",
      effect: "Each GetAds fills the heap to 90 % of its limit and has it collected in full, ten times.",
      blastRadius: "ad, all requests: everything waits while the heap is collected.",
      symptom: "GetAds takes hundreds of milliseconds; garbage collection and event-loop delay of ad rise.",
      bound: "The heap limit of the process, 128 MiB.",
      needsOwnProcess: true,
    },
  },
]);
