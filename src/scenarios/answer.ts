import { type Static, Type } from "typebox";
import { categories } from "./manifest.ts";

const closed = { additionalProperties: false } as const;

/** What somebody, or some program, takes for the cause of the trouble. */
export const answerSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    rootCauses: Type.Array(
      Type.Object(
        {
          entity: Type.String({
            minLength: 1,
            description: "A service, a store, a topic or a client by its name on the service map.",
          }),
          reason: Type.Optional(
            Type.String({ minLength: 1, description: "What is wrong, in the words of docs/scenarios.md." }),
          ),
          category: Type.Optional(Type.Enum([...categories], { description: "The coarse reason." })),
          time: Type.Optional(
            Type.Union([Type.String({ minLength: 1 }), Type.Number({ minimum: 0 })], {
              description: "When it began: ISO 8601 with a time zone, or seconds of Unix time.",
            }),
          ),
        },
        closed,
      ),
      { maxItems: 100, description: "The most likely first; none when nothing is wrong." },
    ),
  },
  { ...closed, title: "Answer to a fault scenario" },
);

export type Answer = Static<typeof answerSchema>;
export type Suspect = Answer["rootCauses"][number];

/** Milliseconds of Unix time; undefined when the text is no time or has no time zone. */
export function timeMs(time: string | number): number | undefined {
  if (typeof time === "number") return time * 1_000;
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(Z|[+-]\d\d:?\d\d)$/.test(time)) return undefined;
  const parsed = Date.parse(time.replace(" ", "T"));
  return Number.isNaN(parsed) ? undefined : parsed;
}
