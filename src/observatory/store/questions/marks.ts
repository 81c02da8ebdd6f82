import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ListMarksRequest,
  ListMarksResponseSchema,
} from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { type Ask, boundsOf, timestamp, wholeWindowSeconds } from "./asking.ts";

const maxMarks = 1_000;

/** Events that every chart shows, and what sort of mark they are. */
const kinds: Readonly<Record<string, string>> = {
  "process.start": "start",
  "process.stop": "stop",
  "service.deployment": "deployment",
  "configuration.change": "configuration",
  "feature_flag.change": "configuration",
};

/** Starts, stops, deployments, changes of configuration, and alerts, by time. */
export async function listMarks(
  range: ListMarksRequest["range"],
  { ask, nowMs }: { readonly ask: Ask; readonly nowMs: number },
): Promise<MessageInitShape<typeof ListMarksResponseSchema>> {
  const { start, end } = boundsOf(range, { nowMs, windowSeconds: wholeWindowSeconds });
  const names = Object.keys(kinds).map((name) => `'${name}'`);
  const rows = await ask<{ time_ns: bigint; event: string; service: string; text: string }>(
    `select epoch_ns(time) as time_ns, event_name as event, service, body as text from logs
     where event_name in (${names.join(",")}) and time >= make_timestamp_ns($start::bigint)
       and time < make_timestamp_ns($end::bigint)
     union all
     select epoch_ns(since), 'alert', service, summary from alerts
     where since >= make_timestamp_ns($start::bigint) and since < make_timestamp_ns($end::bigint)
     order by time_ns desc limit ${maxMarks}`,
    { start, end },
  );
  return {
    marks: rows.reverse().map(({ time_ns, event, service, text }) => ({
      time: timestamp(time_ns),
      kind: kinds[event] ?? event,
      service,
      text,
    })),
  };
}
