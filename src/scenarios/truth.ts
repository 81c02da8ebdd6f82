import { type Static, Type } from "typebox";

/** What of a truth.json an answer is compared with; the file tells more. */
export const truthSchema = Type.Object({
  version: Type.Literal(1),
  scenario: Type.String(),
  rootCauses: Type.Array(
    Type.Object({
      entity: Type.String(),
      reason: Type.String(),
      category: Type.String(),
      injectedAt: Type.String({ description: "ISO 8601." }),
    }),
  ),
});

export type Truth = Static<typeof truthSchema>;
export type TrueCause = Truth["rootCauses"][number];
