/** How a value is told to people. */
export type Unit = "count" | "share" | "seconds" | "times" | "cores";

/** What of a metric is judged. */
export type Reading =
  /** What a series told last. */
  | { readonly kind: "value" }
  /** How much a counter rises a second. */
  | { readonly kind: "rate"; readonly windowSeconds: number }
  /**
   * How many times as often a histogram's measurements are made as was usual before, by the median of the windows of
   * the time before; nothing while there are fewer than `leastRate` a second.
   */
  | {
      readonly kind: "surge";
      readonly windowSeconds: number;
      readonly beforeSeconds: number;
      readonly leastRate: number;
    };

/** Tells of what an alert is about: in words of the moment, or in a template for those who fill it in. */
export interface Told {
  readonly service: string;
  readonly value: string;
  /** Of an attribute that is among {@link SaturationDefinition.by}. */
  label(attribute: string): string;
}

/** Something that runs short, whatever customers feel of it yet. */
export interface SaturationDefinition {
  /** Kebab-case; that of the alert. */
  readonly name: string;
  readonly metric: string;
  /** Of the series that are looked at. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** A service that is not looked at. */
  readonly except?: string;
  readonly reading: Reading;
  /** What tells one from the other beside the service: of those that are the same, values of rates add up. */
  readonly by: readonly string[];
  /** An alert is raised while a value is beyond this. */
  readonly limit: { readonly above: number } | { readonly below: number };
  readonly unit: Unit;
  /** How long it must be beyond that first. */
  readonly forSeconds: number;
  readonly severity: "page" | "ticket";
  readonly summary: (told: Told) => string;
  readonly description: (told: Told) => string;
}

/** The same, so many times as fast. */
export function scaledSaturation(definition: SaturationDefinition, timeScale: number): SaturationDefinition {
  const { reading, forSeconds } = definition;
  return {
    ...definition,
    forSeconds: forSeconds / timeScale,
    reading: {
      ...reading,
      ...("windowSeconds" in reading ? { windowSeconds: reading.windowSeconds / timeScale } : {}),
      ...("beforeSeconds" in reading ? { beforeSeconds: reading.beforeSeconds / timeScale } : {}),
    },
  };
}
