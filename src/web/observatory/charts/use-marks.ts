import type { Mark } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { observatory } from "../api.ts";
import { useLiveQuery, useTimeRange } from "../live/live-query.ts";

const none: readonly Mark[] = [];

/** Starts, stops, deployments, changes and alerts within the shown time, of one service or of all. */
export function useMarks(service = ""): readonly Mark[] {
  const { text, isMoving, forRequest } = useTimeRange();
  const { data } = useLiveQuery({
    key: ["marks", text],
    ask: (call) => observatory.listMarks({ range: forRequest() }, call),
    everyMs: isMoving ? 5000 : undefined,
  });
  if (!data) return none;
  return service === "" ? data.marks : data.marks.filter((mark) => mark.service === service || mark.service === "");
}
