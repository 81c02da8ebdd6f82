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
      blastRadius:
        "ad, which gets slower where it has less than five cores to itself; its neighbours on the machine, too.",
      symptom: "CPU of the process of ad rises to as many cores as there are, four at most, whatever it is asked for.",
      bound: "Four threads, on Linux at lowered priority: others come first.",
      needsOwnProcess: { heapMb: 128 },
    },
  },
  {
    key: "adManualGc",
    description: "Trigger full garbage collections in ad",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "resource",
      effect:
        "Each GetAds fills the heap to 80 % of its limit, by 128 MiB at most, and has it collected in full, ten times.",
      blastRadius: "ad, all requests: everything waits while the heap is collected.",
      symptom: "GetAds takes hundreds of milliseconds; the event-loop delay and the CPU of ad rise.",
      bound: "The heap limit of the process, 128 MiB; requests that nobody waits for any more go no further.",
      needsOwnProcess: { heapMb: 128 },
    },
  },
  {
    key: "adNoisyLogs",
    description: "Let ad log warnings",
    variants: { on: true, off: false },
    resting: "off",
    fault: {
      category: "decoy",
      effect: "Each GetAds logs that campaigns were taken from a cache, as a warning.",
      blastRadius: "Nobody.",
      symptom: "Warnings of ad rise from none to one for each call; its calls are as ever.",
    },
  },
]);
