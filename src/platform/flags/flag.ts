/** What a variant of a flag stands for. */
export type FlagValue = boolean | number | string;

/** A flag, as it is declared by the service that it acts in; the file that flagd reads is rendered from these. */
export interface FlagDeclaration {
  /** `paymentFailure`: its key, on the wire and in the file. */
  readonly key: string;
  /** What it does when it is on, in one sentence. */
  readonly description: string;
  readonly variants: Readonly<Record<string, FlagValue>>;
  /** The variant in which the shop is as it should be, and the file's default. */
  readonly resting: string;
  /** A rule in flagd's JSON logic; its second branch of three is the one that the flag page switches. */
  readonly targeting?: Readonly<Record<string, unknown>>;
  /** What it breaks; flags without it break nothing. */
  readonly fault?: FaultDeclaration;
}

/** What kind of thing goes wrong. */
export const faultCategories = [
  "error",
  "latency",
  "resource",
  "store",
  "events",
  "configuration",
  "traffic",
  "decoy",
] as const;
export type FaultCategory = (typeof faultCategories)[number];

/** A fault that a flag switches on, for people who want to break something in a known way. */
export interface FaultDeclaration {
  readonly category: FaultCategory;
  /** What happens, exactly: codes, probabilities, times. */
  readonly effect: string;
  /** Who is affected, and who is not. */
  readonly blastRadius: string;
  /** What proves it to somebody who only sees telemetry. */
  readonly symptom: string;
  /** Where it stops by itself, so that the machine survives. */
  readonly bound?: string;
  /**
   * It takes the whole process down with it: where services share one, the service runs as a process of its own while
   * it is on, with a heap of so many MiB.
   */
  readonly needsOwnProcess?: { readonly heapMb: number };
}

/** Checks a list of flags without widening it, so that keys and variants are known by their names. */
export function declareFlags<const T extends readonly FlagDeclaration[]>(flags: T): T {
  return flags;
}
