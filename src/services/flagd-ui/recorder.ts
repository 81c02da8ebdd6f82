import type { FlagFile, FlagFileState } from "../../platform/flags/flag-file.ts";
import { described } from "../../platform/flags/json-text.ts";
import type { ActivityLog } from "./activity-log.ts";
import { changesBetween } from "./changes.ts";

/**
 * Writes every change of the file down, whoever made it, until the returned function is called. What this process did
 * not write itself was done by hand, or by another program.
 */
export function recordChanges(file: FlagFile, activity: ActivityLog): () => void {
  let before = file.set.document;
  let isBroken = file.state.problems.length > 0;
  return file.onState(({ by, problems }: FlagFileState) => {
    const [problem] = problems;
    if (problem !== undefined) {
      isBroken = true;
      const note = `The file is broken, and flags stay as they were: line ${described(problem)}`;
      activity.add([{ writer: by ?? "file", key: "", from: "", to: "", note }]);
      return;
    }
    const mended = isBroken ? [{ key: "", from: "", to: "", note: "The file is valid again" }] : [];
    isBroken = false;
    const after = file.set.document;
    activity.add([...mended, ...changesBetween(before, after)].map((change) => ({ ...change, writer: by ?? "file" })));
    before = after;
  });
}
