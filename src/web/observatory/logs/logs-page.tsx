import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import type { LogRecord } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { observatory } from "../api.ts";
import { useMarks } from "../charts/use-marks.ts";
import { useZoom } from "../charts/use-zoom.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { useLiveQuery, useTimeRange } from "../live/live-query.ts";
import { Nothing, Problem } from "../live/problem.tsx";
import { useWatched, wantLogs } from "../live/watch.ts";
import { fitsFilter, severityNumber } from "./log-filter.ts";
import { LogFilters } from "./log-filters.tsx";
import { LogHistogram } from "./log-histogram.tsx";
import { LogList } from "./log-list.tsx";

/** Log records, found and as they come. */
export function LogsPage() {
  usePageTitle("Logs");
  const search = useSearch({ from: "/logs" });
  const navigate = useNavigate({ from: "/logs" });
  const zoom = useZoom();
  const marks = useMarks(search.service);
  const [limit, setLimit] = useState(500);
  const { text: range, isMoving, forRequest, bounds } = useTimeRange();
  const { data, error, refetch } = useLiveQuery({
    key: ["logs", search, range, limit],
    ask: (call) =>
      observatory.searchLogs(
        {
          range: forRequest(),
          service: search.service ?? "",
          text: search.text ?? "",
          eventName: search.event ?? "",
          minSeverityNumber: severityNumber(search.severity),
          traceId: search.trace ?? "",
          limit,
        },
        call,
      ),
    everyMs: isMoving ? 5000 : undefined,
  });
  useEffect(() => wantLogs(), []);
  const streamed = useWatched(({ logs }) => logs);
  const records = useMemo(
    () =>
      isMoving
        ? withStreamed(
            data?.records ?? [],
            streamed.filter((each) => fitsFilter(each, search)),
          )
        : (data?.records ?? []),
    [data, streamed, isMoving, search],
  );

  return (
    <div className="page">
      <div className="page-head">
        <h1>Logs</h1>
        <p className="dimmed">
          {data && (data.records.length >= limit ? `the newest ${records.length}` : `${records.length} found`)}
        </p>
      </div>
      <LogFilters />
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && data.histogram.length > 0 && (
        <LogHistogram buckets={data.histogram} marks={marks} onZoom={zoom} bounds={bounds()} />
      )}
      {data && records.length === 0 && !error && (
        <Nothing title="No record fits">Widen the time range, or take a condition away.</Nothing>
      )}
      {records.length > 0 && (
        <LogList
          records={records}
          onService={(service) => void navigate({ search: (before) => ({ ...before, service }) })}
        />
      )}
      {data && data.records.length >= limit && limit < 5000 && (
        <p style={{ padding: 12, textAlign: "center" }}>
          <button type="button" className="button" onClick={() => setLimit(Math.min(5000, limit * 4))}>
            Show more
          </button>
        </p>
      )}
    </div>
  );
}

/** What the stream brought since the last search, in front of what the search found. */
function withStreamed(found: readonly LogRecord[], streamed: readonly LogRecord[]): readonly LogRecord[] {
  const [newest] = found;
  const known = new Set(found.slice(0, 400).map(identity));
  const since = newest?.time ? timestampMs(newest.time) - 2000 : 0;
  const fresh = streamed.filter((each) => each.time && timestampMs(each.time) >= since && !known.has(identity(each)));
  return fresh.length === 0 ? found : [...fresh, ...found];
}

function identity(record: LogRecord): string {
  return `${record.time?.seconds}.${record.time?.nanos} ${record.service} ${record.spanId} ${record.body}`;
}
