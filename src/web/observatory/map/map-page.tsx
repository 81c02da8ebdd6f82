import {
  Background,
  BackgroundVariant,
  Controls,
  type Edge,
  type Node,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import type { GetMapResponse } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { Nothing } from "../live/problem.tsx";
import { useWatched } from "../live/watch.ts";
import { hasTraffic } from "./golden.ts";
import { type Direction, edgeId, type Layout, layOut, topologyKey } from "./layout.ts";
import styles from "./map-page.module.css";
import { MapTable } from "./map-table.tsx";
import { ServiceNode, type ServiceNodeData } from "./service-node.tsx";
import { SidePanel } from "./side-panel.tsx";
import { TrafficEdge, type TrafficEdgeData } from "./traffic-edge.tsx";

const nodeTypes = { service: ServiceNode };
const edgeTypes = { traffic: TrafficEdge };

/** As in its style sheet. */
const panelWidth = 390;

/** The services and what flows between them, live. */
export function MapPage() {
  usePageTitle("Map");
  const map = useWatched((all) => all.map);
  const { node, edge, view, silent, range } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const select = (chosen: { node?: string; edge?: string }) =>
    navigate({ search: { ...chosen, view, silent, range }, replace: true });
  if (!map) return <Nothing title="Waiting for the first tick of the store" />;
  if (map.nodes.length === 0) {
    return (
      <Nothing title="No service has been seen yet">
        Open the <a href="/">shop</a>: the first call shows here within seconds.
      </Nothing>
    );
  }
  return (
    <div className={styles.split}>
      <section className={styles.graph} aria-label="Map of the services">
        <div className={styles.bar}>
          <h1>Map</h1>
          <Legend />
          <button
            type="button"
            className="button"
            aria-pressed={silent !== "hide"}
            title="Calls that are declared, but were not made in the last minute"
            onClick={() =>
              void navigate({
                search: { node, edge, view, range, silent: silent === "hide" ? undefined : "hide" },
                replace: true,
              })
            }
          >
            Silent
          </button>
          <button
            type="button"
            className="button"
            aria-pressed={view === "table"}
            onClick={() =>
              void navigate({
                search: { node, edge, silent, range, view: view === "table" ? undefined : "table" },
                replace: true,
              })
            }
          >
            Table
          </button>
        </div>
        {view === "table" ? (
          <MapTable map={map} onSelect={(name) => void select({ node: name })} />
        ) : (
          <ReactFlowProvider>
            <Graph map={map} withSilent={silent !== "hide"} selectedNode={node} selectedEdge={edge} onSelect={select} />
          </ReactFlowProvider>
        )}
      </section>
      {(node ?? edge) !== undefined && (
        <SidePanel map={map} node={node} edge={edge} onSelect={select} onClose={() => void select({})} />
      )}
    </div>
  );
}

function Legend() {
  return (
    <ul className={styles.legend} aria-label="Legend">
      <li>
        <svg width="34" height="8" aria-hidden>
          <path d="M0 4h34" stroke="var(--flow)" strokeWidth="3" />
        </svg>
        calls, wider with more
      </li>
      <li>
        <svg width="34" height="8" aria-hidden>
          <path d="M0 4h34" stroke="var(--danger)" strokeWidth="3" />
        </svg>
        ✕ 1 % or more fail
      </li>
      <li>
        <svg width="34" height="8" aria-hidden>
          <path d="M0 4h34" stroke="var(--flow-quiet)" strokeWidth="1.5" strokeDasharray="2 5" />
        </svg>
        declared, silent
      </li>
    </ul>
  );
}

type Selection = (chosen: { node?: string; edge?: string }) => unknown;

function Graph(props: {
  readonly map: GetMapResponse;
  readonly withSilent: boolean;
  readonly selectedNode: string | undefined;
  readonly selectedEdge: string | undefined;
  readonly onSelect: Selection;
}) {
  const { map, withSilent, selectedNode, selectedEdge } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [layout, setLayout] = useState<Layout>();
  const [direction, setDirection] = useState<Direction>();
  const [failure, setFailure] = useState("");
  const { fitView, getViewport, setViewport } = useReactFlow();
  const key = topologyKey(map.nodes, map.edges);
  const topology = useRef(map);
  topology.current = map;

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      setDirection(width > height * 1.05 ? "RIGHT" : "DOWN");
      requestAnimationFrame(() => void fitView({ padding: 0.03 }));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [fitView]);

  useEffect(() => {
    if (!direction) return;
    let isWanted = true;
    layOut(topology.current.nodes, topology.current.edges, direction).then(
      (placed) => {
        if (!isWanted) return;
        setLayout(placed);
        requestAnimationFrame(() => void fitView({ padding: 0.03 }));
      },
      (error: Error) => setFailure(error.message),
    );
    return () => {
      isWanted = false;
    };
  }, [key, direction, fitView]);

  // The panel lies over the right of the map: what was chosen has to stay in sight.
  const chosen = selectedNode ?? selectedEdge?.split("~")[1];
  useEffect(() => {
    const place = chosen === undefined ? undefined : layout?.nodes.get(chosen);
    const width = frame.current?.clientWidth ?? 0;
    if (!place || width < 1000) return;
    const { x, y, zoom } = getViewport();
    const beyond = (place.x + place.width) * zoom + x - (width - panelWidth - 24);
    if (beyond > 0) void setViewport({ x: x - beyond, y, zoom }, { duration: 200 });
  }, [chosen, layout, getViewport, setViewport]);

  const nodes = useMemo<Node<ServiceNodeData>[]>(
    () =>
      map.nodes.flatMap((node) => {
        const place = layout?.nodes.get(node.name);
        if (!place) return [];
        return [
          {
            id: node.name,
            type: "service",
            position: { x: place.x, y: place.y },
            width: place.width,
            height: place.height,
            data: { node },
            selected: node.name === selectedNode,
            ariaLabel: node.name,
          },
        ];
      }),
    [map, layout, selectedNode],
  );
  const edges = useMemo<Edge<TrafficEdgeData>[]>(
    () =>
      map.edges.flatMap((edge) => {
        const id = edgeId(edge);
        const route = layout?.edges.get(id);
        if (!route || (!withSilent && !hasTraffic(edge.golden))) return [];
        const isNear = edge.from === selectedNode || edge.to === selectedNode;
        const isSelected = id === selectedEdge;
        return [
          {
            id,
            type: "traffic",
            source: edge.from,
            target: edge.to,
            data: { edge, ...route, isNear },
            selected: isSelected,
            zIndex: isSelected || isNear ? 1 : 0,
            ariaLabel: `${edge.from} to ${edge.to}`,
          },
        ];
      }),
    [map, layout, withSilent, selectedNode, selectedEdge],
  );

  return (
    <div ref={frame} className={styles.canvas}>
      {failure && <p role="alert">The map cannot be laid out: {failure}</p>}
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        nodesDraggable={false}
        nodesConnectable={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        minZoom={0.2}
        maxZoom={2}
        proOptions={{ hideAttribution: true }}
        onNodeClick={(_event, { id }) => void props.onSelect({ node: id })}
        onEdgeClick={(_event, { id }) => void props.onSelect({ edge: id })}
        onPaneClick={() => void props.onSelect({})}
        onNodesChange={(changes) => {
          for (const change of changes) {
            if (change.type === "select" && change.selected && change.id !== selectedNode)
              void props.onSelect({ node: change.id });
          }
        }}
        onEdgesChange={(changes) => {
          for (const change of changes) {
            if (change.type === "select" && change.selected && change.id !== selectedEdge)
              void props.onSelect({ edge: change.id });
          }
        }}
      >
        <Background variant={BackgroundVariant.Dots} gap={24} size={1.2} color="var(--line)" />
        <Controls showInteractive={false} position="bottom-left" />
      </ReactFlow>
    </div>
  );
}
