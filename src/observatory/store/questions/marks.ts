import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ListMarksRequest,
  ListMarksResponseSchema,
} from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { type Ask, boundsOf, timestamp, wholeWindowSeconds } from "./asking.ts";

const maxMarks = 1_000;

/** Starts, stops, deployments, changes of configuration, and alerts, by time. */
export async function listMarks(
  range: ListMarksRequest["range"],
  { ask, nowMs }: { readonly ask: Ask; readonly nowMs: number },
): Promise<MessageInitShape<typeof ListMarksResponseSchema>> {
  const { start, end } = boundsOf(range, { nowMs, windowSeconds: wholeWindowSeconds });
  const rows = await ask<{ time_ns: bigint; kind: string; service: string; text: string }>(
    `select epoch_ns(time) as time_ns, kind, service, text from marks
     where time >= make_timestamp_ns($start::bigint) and time < make_timestamp_ns($end::bigint)
     union all
     select epoch_ns(since), 'alert', service, summary from alerts
     where since >= make_timestamp_ns($start::bigint) and since < make_timestamp_ns($end::bigint)
     order by time_ns desc limit ${maxMarks}`,
    { start, end },
  );
  return {
    marks: rows
      .reverse()
      .map(({ time_ns, kind, service, text }) => ({ time: timestamp(time_ns), kind, service, text })),
  };
}
