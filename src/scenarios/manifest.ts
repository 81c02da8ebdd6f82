import { type Static, Type } from "typebox";
import type { actions } from "./mitigation.ts";

/** What kind of trouble a root cause is: the coarse reason that an answer may give. */
export const categories = [
  "errors",
  "latency",
  "cpu",
  "memory",
  "garbage-collection",
  "unreachable",
  "not-ready",
  "backlog",
  "traffic",
  "configuration",
  "contention",
  "duplicates",
  "exhaustion",
  "wrong-data",
] as const;

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.String({ minLength: 1, description });
const seconds = (description: string, minimum = 1) => Type.Integer({ minimum, maximum: 86_400, description });

const rootCause = Type.Object(
  {
    entity: text("What is to be found: a service, a store, a topic or a client by its name on the service map."),
    reason: text("What is wrong with it, in the words that an answer is compared with."),
    category: Type.Enum([...categories], { description: "The coarse reason." }),
  },
  { ...closed, description: "The ground truth of this fault." },
);

const fault = Type.Object(
  {
    flag: text("The feature flag that injects the fault."),
    variant: text("Its variant while the fault lasts."),
    target: text("Whom the flag changes: the service that reads it."),
    afterSeconds: seconds("When it is injected, after the first fault.", 0),
    rootCause: Type.Optional(rootCause),
    isDecoy: Type.Optional(
      Type.Literal(true, {
        description: "Instead of a root cause: it harms nobody, is there to mislead, and is no part of the truth.",
      }),
    ),
  },
  closed,
);

const propagation = Type.Object(
  {
    from: text("Where the trouble comes from."),
    to: text("Where it goes next."),
    condition: text("When it does."),
    effect: text("What is seen there."),
  },
  closed,
);

const why = text("Why it helps, or why not.");
const helps = Type.Boolean({ description: "Whether the trouble ends by it." });
const serviceName = text("A service, to restart, roll back or scale.");
const action = <const T extends (typeof actions)[number]>(name: T) =>
  Type.Literal(name, { description: "What is done." });
const mitigation = Type.Union(
  [
    Type.Object({ action: action("clear"), flag: text("A feature flag, to clear."), helps, why }, closed),
    Type.Object({ action: action("restart"), service: serviceName, helps, why }, closed),
    Type.Object({ action: action("roll-back"), service: serviceName, helps, why }, closed),
    Type.Object(
      {
        action: action("scale"),
        service: serviceName,
        replicas: Type.Integer({ minimum: 0, maximum: 100, description: "How many, to scale." }),
        helps,
        why,
      },
      closed,
    ),
  ],
  { description: "Something that a person would try." },
);

const browserUsers = Type.Optional(
  Type.Integer({ minimum: 0, maximum: 20, description: "Users beside them who open pages in a real browser." }),
);
const load = Type.Union([
  Type.Object(
    {
      users: Type.Integer({ minimum: 0, maximum: 1_000, description: "Users who browse and think in turn." }),
      browserUsers,
    },
    closed,
  ),
  Type.Object(
    {
      requestsPerSecond: Type.Number({ minimum: 0, maximum: 10_000, description: "Arrivals, come what may." }),
      browserUsers,
    },
    closed,
  ),
]);

/** A fault scenario: what is done to the shop, and the truth of what follows from it. */
export const manifestSchema = Type.Object(
  {
    id: Type.String({ pattern: "^[a-z0-9]+(-[a-z0-9]+)*$", description: "Kebab-case; the file's name." }),
    title: text("One line for people."),
    difficulty: Type.Enum(["none", "easy", "medium", "hard"], {
      description: "How hard the root cause is to find; `none` where there is no fault.",
    }),
    description: text("What happens, and what makes it hard to see."),
    seed: Type.Integer({ minimum: 0, maximum: 4_294_967_295, description: "Of the load's random choices." }),
    load: { ...load, description: "The traffic during the whole run." },
    phases: Type.Object(
      {
        baselineSeconds: seconds("Time before the first fault."),
        faultSeconds: seconds("Time from the first fault to the revert."),
        recoverySeconds: seconds("Time after the revert."),
      },
      { ...closed, description: "How long the parts of a run take." },
    ),
    faults: Type.Array(fault, {
      description: "What is injected; several that overlap are allowed, none is a baseline.",
    }),
    propagation: Type.Array(propagation, { description: "How the trouble spreads, cause before effect." }),
    effects: Type.Array(
      Type.Object(
        {
          name: text("What is measured, with its unit."),
          sql: text("A statement on the Observatory's tables that gives one number for the time from $from to $to."),
          direction: Type.Enum(["down", "up"], { description: "Where that number goes." }),
          atLeast: Type.Number({
            exclusiveMinimum: 0,
            description: "The difference from the baseline that proves it.",
          }),
        },
        closed,
      ),
      { description: "What proves the fault, and that it is gone afterwards." },
    ),
    slis: Type.Array(
      Type.Object(
        {
          name: text("An objective of the shop: the share of its good events."),
          direction: Type.Enum(["down", "up"], { description: "Where that share goes." }),
        },
        closed,
      ),
      { description: "The indicators that change." },
    ),
    alerts: Type.Array(text("An alert's name."), { description: "The alerts that are raised because of it." }),
    decoys: Type.Array(Type.Object({ entity: text("Who is innocent."), why: text("Why it looks guilty.") }, closed), {
      description: "What looks like the cause and is not.",
    }),
    timeToDetect: Type.Optional(
      Type.Object(
        {
          minimumSeconds: seconds("No sign can be there sooner after the injection.", 0),
          typicalSeconds: seconds("By then the first sign is there."),
        },
        { ...closed, description: "When the trouble can be seen; absent without a fault." },
      ),
    ),
    mitigations: Type.Array(mitigation, { description: "Actions that can be run, and whether they help." }),
    revert: Type.Array(
      Type.Object({ flag: text("A feature flag."), variant: text("Its variant without the fault.") }, closed),
      { description: "What ends the faults." },
    ),
  },
  { ...closed, title: "Fault scenario" },
);

export type Manifest = Static<typeof manifestSchema>;
export type Fault = Manifest["faults"][number];
export type RootCause = Static<typeof rootCause>;
/** A fault that is to be found. */
export type Culprit = Fault & { readonly rootCause: RootCause };
export type Mitigation = Manifest["mitigations"][number];

/** The faults that are to be found: all but decoys. */
export function culpritsOf({ faults }: Pick<Manifest, "faults">): readonly Culprit[] {
  return faults.flatMap(({ rootCause, ...fault }) => (rootCause === undefined ? [] : [{ ...fault, rootCause }]));
}
