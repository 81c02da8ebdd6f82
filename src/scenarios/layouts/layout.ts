import type { RecordedRun } from "../recorded-run.ts";
import type { Run } from "../run.ts";

/** A way in which a recording is written. */
export interface Layout {
  /** Its folder, and its name on the command line. */
  readonly name: string;
  /** Why it has no place for such a run; undefined when it has. */
  refusal(run: Run): string | undefined;
  write(run: RecordedRun): Promise<void>;
}
