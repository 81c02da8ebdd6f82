import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Link } from "@tanstack/react-router";
import { type GetMapResponse, NodeKind } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { observatory } from "../api.ts";
import { formatAgo, formatDuration } from "../format.ts";
import { DetailsPanel } from "../layout/details-panel.tsx";
import { useLiveQuery } from "../live/live-query.ts";
import { requestRange } from "../live/time-range.ts";
import { storeNow } from "../live/watch.ts";
import { ServiceName } from "../service-name.tsx";
import { GoldenCells, GoldenHeads } from "./golden-cells.tsx";
import { GoldenNumbers } from "./golden-numbers.tsx";
import { nodeKindLabel } from "./node-label.ts";
import styles from "./side-panel.module.css";
import { edgeId } from "./topology.ts";

const percentiles = ["p95Ms"] as const;

type Select = (chosen: { node?: string; edge?: string }) => unknown;

/** The numbers of the selected node or edge, its neighbours, its latest traces, and the way to the rest. */
export function SidePanel(props: {
  readonly map: GetMapResponse;
  readonly node: string | undefined;
  readonly edge: string | undefined;
  readonly onSelect: Select;
  readonly onClose: () => void;
}) {
  const { map, onSelect, onClose } = props;
  const node = map.nodes.find(({ name }) => name === props.node);
  const edge = map.edges.find((each) => edgeId(each) === props.edge);
  // Traces are found by a service: of an edge, by the one that is called, or that calls a store.
  const called = map.nodes.find(({ name }) => name === edge?.to);
  const isCalledService = called?.kind === NodeKind.SERVICE || called?.kind === NodeKind.PROXY;
  const service = node ? nodeService(node.kind, node.name) : edge ? (isCalledService ? edge.to : edge.from) : undefined;
  const title = node ? (
    <ServiceName name={node.name} />
  ) : edge ? (
    <>
      <ServiceName name={edge.from} /> <span aria-hidden>→</span> <ServiceName name={edge.to} />
    </>
  ) : (
    "Not on the map"
  );

  return (
    <DetailsPanel label="Details" title={title} className={styles.panel} onClose={onClose}>
      {node && (
        <p className="dimmed">
          {nodeKindLabel(node)}
          {node.criticality && `, criticality ${node.criticality}`}
          {!node.isSeen && ", has not sent anything"}
        </p>
      )}
      {edge && <p className="dimmed">{edge.isDeclared ? "declared by the caller" : "seen, but declared by nobody"}</p>}
      {(node ?? edge) && <GoldenNumbers golden={(node ?? edge)?.golden} />}
      {node && <Neighbours map={map} name={node.name} onSelect={onSelect} />}
      {service !== undefined && (
        <>
          <nav className={styles.links} aria-label="More of this service">
            <Link className="button" to="/traces" search={{ service }}>
              Traces
            </Link>
            <Link className="button" to="/traces" search={{ service, errors: "1" }}>
              With errors
            </Link>
            <Link className="button" to="/metrics" search={{ board: "golden", service }}>
              Metrics
            </Link>
            <Link className="button" to="/logs" search={{ service }}>
              Logs
            </Link>
          </nav>
          <RecentTraces service={service} />
        </>
      )}
    </DetailsPanel>
  );
}

function nodeService(kind: NodeKind, name: string): string | undefined {
  return kind === NodeKind.DATABASE || kind === NodeKind.TOPIC ? undefined : name;
}

function Neighbours({
  map,
  name,
  onSelect,
}: {
  readonly map: GetMapResponse;
  readonly name: string;
  readonly onSelect: Select;
}) {
  const sides = [
    { title: "Called by", edges: map.edges.filter(({ to }) => to === name), other: "from" },
    { title: "Calls", edges: map.edges.filter(({ from }) => from === name), other: "to" },
  ] as const;
  return sides.map(
    ({ title, edges, other }) =>
      edges.length > 0 && (
        <table key={title} className={styles.neighbours}>
          <thead>
            <tr>
              <th scope="col">{title}</th>
              <GoldenHeads percentiles={percentiles} />
            </tr>
          </thead>
          <tbody>
            {edges.map((edge) => (
              <tr key={edgeId(edge)}>
                <td>
                  <button
                    type="button"
                    className={`tap ${styles.neighbour}`}
                    onClick={() => onSelect({ edge: edgeId(edge) })}
                  >
                    <ServiceName name={edge[other]} />
                  </button>
                </td>
                <GoldenCells golden={edge.golden} percentiles={percentiles} />
              </tr>
            ))}
          </tbody>
        </table>
      ),
  );
}

function RecentTraces({ service }: { readonly service: string }) {
  const { data } = useLiveQuery({
    key: ["recent traces", service],
    ask: (call) =>
      observatory.searchTraces(
        { service, limit: 8, range: requestRange({ kind: "last", seconds: 900 }, storeNow(), undefined) },
        call,
      ),
    everyMs: 3000,
  });
  return (
    <section>
      <h3 className={styles.title}>Latest traces</h3>
      {data?.traces.length === 0 && <p className="dimmed">None in the last 15 minutes.</p>}
      <ul className={styles.traces}>
        {data?.traces.map((trace) => (
          <li key={trace.traceId}>
            <Link to="/traces/$traceId" params={{ traceId: trace.traceId }} className={styles.trace}>
              <span className="ellipsis">{trace.rootOperation}</span>
              <span>
                {trace.errorCount > 0 && <strong className="bad">✕ </strong>}
                {formatDuration(trace.durationMs)}
              </span>
              <span className="dimmed">{trace.start ? formatAgo(timestampMs(trace.start), storeNow()) : ""}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
