import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { observatory } from "../api.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { useLiveQuery, useTimeRange } from "../live/live-query.ts";
import { Nothing, Problem } from "../live/problem.tsx";
import { parseAttributeFilter } from "./attribute-filter.ts";
import { DurationPlot } from "./duration-plot.tsx";
import { TraceFilters } from "./trace-filters.tsx";
import { TraceList } from "./trace-list.tsx";

/** Finds traces. */
export function SearchPage() {
  usePageTitle("Traces");
  const search = useSearch({ from: "/traces" });
  const navigate = useNavigate({ from: "/traces" });
  const { text: range, isMoving, forRequest, bounds } = useTimeRange();
  const [compared, setCompared] = useState<readonly string[]>([]);
  const limit = Math.min(1000, Number(search.limit) || 100);
  const { attributes, unread } = parseAttributeFilter(search.attributes ?? "");
  const { data, error, refetch, isPlaceholderData } = useLiveQuery({
    key: ["traces", search, range],
    ask: (call) =>
      observatory.searchTraces(
        {
          range: forRequest(),
          service: search.service ?? "",
          operation: search.operation ?? "",
          attributes,
          minDurationMs: Number(search.min) || 0,
          maxDurationMs: Number(search.max) || 0,
          onlyErrors: search.errors !== undefined,
          sessionId: search.session ?? "",
          orderId: search.order ?? "",
          limit,
        },
        call,
      ),
    everyMs: isMoving ? 2000 : undefined,
  });
  const traces = data?.traces ?? [];
  const toggle = (id: string) =>
    setCompared((chosen) => (chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id].slice(-2)));
  const [a, b] = compared;

  return (
    <div className="page">
      <div className="page-head">
        <h1>Traces</h1>
        <p className="dimmed" aria-live="polite">
          {data && !isPlaceholderData && (traces.length >= limit ? `the newest ${limit}` : `${traces.length} found`)}
        </p>
      </div>
      <TraceFilters />
      {unread.length > 0 && (
        <p className="bad">
          Attributes are searched as <code>key=value</code>: <code>{unread.join(" ")}</code> is not used.
        </p>
      )}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && traces.length === 0 && !error && (
        <Nothing title="No trace fits">Widen the time range, or take a condition away.</Nothing>
      )}
      {traces.length > 0 && (
        <>
          <DurationPlot traces={traces} bounds={bounds()} />
          <TraceList
            traces={traces}
            compared={compared}
            onToggle={toggle}
            onCompare={
              a !== undefined && b !== undefined
                ? () => void navigate({ to: "/traces/compare", search: { a, b } })
                : undefined
            }
          />
          {traces.length >= limit && limit < 1000 && (
            <p style={{ padding: 12, textAlign: "center" }}>
              <button
                type="button"
                className="button"
                onClick={() =>
                  void navigate({
                    search: (before) => ({ ...before, limit: String(Math.min(1000, limit * 3)) }),
                    replace: true,
                    resetScroll: false,
                  })
                }
              >
                Show more
              </button>
            </p>
          )}
        </>
      )}
    </div>
  );
}
