import { declareFlags } from "../../platform/flags/flag.ts";

export const emailFlags = declareFlags([
  {
    key: "emailMemoryLeak",
    description: "Leak memory in email",
    variants: { off: 0, "1x": 1, "10x": 10, "100x": 100, "1000x": 1000, "10000x": 10000 },
    resting: "off",
    fault: {
      category: "resource",
      effect: "Each confirmation is kept in memory until the flag is off, its text repeated the given number of times.",
      blastRadius: "email, which ends when its memory is used up and starts anew; mails come late, none is lost.",
      symptom: "The memory of email grows with every order, its process restarts.",
      bound: "The heap limit of the process, 256 MiB; in the mesh that of its container, or else 1 GiB of mails.",
      needsOwnProcess: { heapMb: 256 },
    },
  },
]);
