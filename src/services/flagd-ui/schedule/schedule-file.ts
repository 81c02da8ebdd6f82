import { readFile, rename, writeFile } from "node:fs/promises";
import { type Static, Type } from "typebox";
import Value from "typebox/value";
import type { Logger } from "../../../platform/logging/logger.ts";

const whole = Type.Integer({ minimum: 0 });
const activation = { key: Type.String(), variant: Type.String(), fromMs: whole, untilMs: whole };

const stateSchema = Type.Object({
  settings: Type.Object({
    intervalMs: whole,
    minMs: whole,
    maxMs: whole,
    concurrency: whole,
    seed: Type.Optional(whole),
    selection: Type.Record(Type.String(), Type.Array(Type.String())),
  }),
  /** What runs; null when nothing does. */
  course: Type.Union([
    Type.Null(),
    Type.Object({
      seed: whole,
      startedMs: whole,
      selected: Type.Array(
        Type.Object({ key: Type.String(), resting: Type.String(), variants: Type.Array(Type.String()) }),
      ),
    }),
  ]),
  /** What is switched on, and has to be reverted whatever happens. */
  held: Type.Array(Type.Object({ ...activation, resting: Type.String() })),
  /** The last ones, newest first. */
  history: Type.Array(Type.Object({ ...activation, isLeft: Type.Boolean() })),
});

/** All that a schedule has to know after a restart. */
export type ScheduleState = Static<typeof stateSchema>;

/** @returns undefined when there is none, or none that can be read, which is logged */
export async function readScheduleFile(path: string, log: Logger): Promise<ScheduleState | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, "utf8"));
    if (Value.Check(stateSchema, parsed)) return parsed;
    log.warn(`${path} is no state of a schedule; the schedule begins anew, and flags are left as they are`);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    log.warn({ error }, `${path} cannot be read; the schedule begins anew, and flags are left as they are`);
  }
  return undefined;
}

/** As a whole: who reads it after a crash finds the state before or after. */
export async function writeScheduleFile(path: string, state: ScheduleState): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`);
  await rename(`${path}.new`, path);
}
