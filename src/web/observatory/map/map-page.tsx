import { ReactFlowProvider } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { observatory } from "../api.ts";
import { formatTime } from "../format.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { useLiveQuery, useTimeRange } from "../live/live-query.ts";
import { Nothing, Problem } from "../live/problem.tsx";
import { useWatched } from "../live/watch.ts";
import { hasTraffic } from "./golden.ts";
import styles from "./map-page.module.css";
import { MapTable } from "./map-table.tsx";
import { ServiceGraph } from "./service-graph.tsx";
import { SidePanel } from "./side-panel.tsx";
import { callsOf } from "./topology.ts";

/** The services and what flows between them: live, or in the fixed range that the address names. */
export function MapPage() {
  usePageTitle("Map");
  const live = useWatched((all) => all.map);
  const { range, text, forRequest } = useTimeRange();
  const past = useLiveQuery({
    key: ["map", text],
    ask: (call) => observatory.getMap({ range: forRequest() }, call),
    enabled: range.kind === "fixed",
  });
  const watched = range.kind === "fixed" ? past.data : live;
  const map = useMemo(() => watched && { ...watched, edges: callsOf(watched.nodes, watched.edges) }, [watched]);
  const { node, edge, view, silent } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const set = (change: { view?: string | undefined; silent?: string | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const select = (chosen: { node?: string; edge?: string }) =>
    void navigate({
      search: (before) => ({ ...before, node: undefined, edge: undefined, ...chosen }),
      replace: true,
    });
  if (range.kind === "fixed" && past.error) {
    return <Problem error={past.error} onRetry={() => void past.refetch()} />;
  }
  if (!map) return <Nothing title="Waiting for the first tick of the store" />;
  if (map.nodes.length === 0) {
    return (
      <Nothing title="No service has been seen yet">
        Open the <a href="/">shop</a>: the first call shows here within seconds.
      </Nothing>
    );
  }
  const silentCount = map.edges.filter(({ golden }) => !hasTraffic(golden)).length;
  return (
    <div className={styles.split}>
      <section className={styles.graph} aria-label="Map of the services">
        <div className={styles.bar}>
          <h1>Map</h1>
          {range.kind === "fixed" && (
            <p className={styles.past}>
              as it was {formatTime(range.startMs, { millis: false })} – {formatTime(range.endMs, { millis: false })}{" "}
              <button
                type="button"
                className="button"
                onClick={() => void navigate({ search: (before) => ({ ...before, range: "15m" }) })}
              >
                Now
              </button>
            </p>
          )}
          <ul className={styles.legend} aria-label="Legend">
            <li>
              <LineSample stroke="var(--flow)" strokeWidth="3" />
              <span>
                calls<span className={styles.aside}>, wider with more</span>
              </span>
            </li>
            <li>
              <LineSample stroke="var(--danger)" strokeWidth="3" />✕ 1 % or more fail
            </li>
          </ul>
          <button
            type="button"
            className="button"
            aria-pressed={silent === "show"}
            title="Calls that are declared, but were not made in the last minute"
            onClick={() => set({ silent: silent === "show" ? undefined : "show" })}
          >
            <LineSample stroke="currentColor" strokeWidth="1.5" strokeDasharray="3 4" />
            <span>
              {silentCount} <span className={styles.aside}>declared, </span>silent
            </span>
          </button>
          <button
            type="button"
            className="button"
            aria-pressed={view === "table"}
            onClick={() => set({ view: view === "table" ? undefined : "table" })}
          >
            Table
          </button>
        </div>
        {view === "table" ? (
          <MapTable map={map} onSelect={(name) => select({ node: name })} />
        ) : (
          <ReactFlowProvider>
            <ServiceGraph
              map={map}
              withSilent={silent === "show"}
              selectedNode={node}
              selectedEdge={edge}
              onSelect={select}
            />
          </ReactFlowProvider>
        )}
      </section>
      {(node ?? edge) !== undefined && (
        <SidePanel map={map} node={node} edge={edge} onSelect={select} onClose={() => select({})} />
      )}
    </div>
  );
}

function LineSample(line: React.SVGProps<SVGPathElement>) {
  return (
    <svg width="26" height="8" aria-hidden>
      <path d="M0 4h26" {...line} />
    </svg>
  );
}
