import { Background, BackgroundVariant, Controls, type Edge, type Node, ReactFlow } from "@xyflow/react";
import { useMemo, useRef, useState } from "react";
import type { GetMapResponse, MapEdge, MapNode } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatDuration, formatRate } from "../format.ts";
import { hasTraffic } from "./golden.ts";
import { directRoute, entrance } from "./layout.ts";
import { nodeKindLabel } from "./node-label.ts";
import styles from "./service-graph.module.css";
import { ServiceNode, type ServiceNodeData } from "./service-node.tsx";
import { edgeId, nodeTowards } from "./topology.ts";
import { TrafficEdge, type TrafficEdgeData } from "./traffic-edge.tsx";
import { useFrameSize, useFraming } from "./use-framing.ts";
import { useLayout } from "./use-layout.ts";

const nodeTypes = { service: ServiceNode };
const edgeTypes = { traffic: TrafficEdge };
const ariaLabelConfig = {
  "node.a11yDescription.default": "Enter shows the details, an arrow key goes to the next node in its direction.",
};

/**
 * The map as a picture. It is one stop of the tab key: arrows move from node to node, Enter selects. What touches the
 * selected node stands out, and the rest steps back.
 */
export function ServiceGraph(props: {
  readonly map: GetMapResponse;
  readonly withSilent: boolean;
  readonly selectedNode: string | undefined;
  readonly selectedEdge: string | undefined;
  readonly onSelect: (chosen: { node?: string; edge?: string }) => void;
}) {
  const { map, withSilent, selectedNode, selectedEdge, onSelect } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<string>();
  const [focused, setFocused] = useState<string>();
  const size = useFrameSize(frame);
  const { layout, failure } = useLayout(map, size && (size.width > size.height ? "RIGHT" : "DOWN"));
  const near = useMemo(
    () => (selectedNode === undefined ? ends(selectedEdge) : neighbours(map.edges, selectedNode)),
    [map, selectedNode, selectedEdge],
  );
  useFraming(size, layout, selectedNode ?? selectedEdge?.split("~")[1], near);

  const tabStop = focused !== undefined && layout?.nodes.has(focused) ? focused : (selectedNode ?? entrance(layout));
  const nodes = useMemo<Node<ServiceNodeData>[]>(() => {
    return map.nodes.flatMap((node) => {
      const place = layout?.nodes.get(node.name);
      if (!place) return [];
      return [
        {
          id: node.name,
          type: "service",
          position: { x: place.x, y: place.y },
          width: place.width,
          height: place.height,
          // Above all lines, those that stand out included.
          zIndex: 2,
          data: { node, isFar: near?.has(node.name) === false },
          selected: node.name === selectedNode,
          ariaLabel: spoken(node),
          domAttributes: { tabIndex: node.name === tabStop ? 0 : -1 },
        },
      ];
    });
  }, [map, layout, selectedNode, near, tabStop]);

  const edges = useMemo<Edge<TrafficEdgeData>[]>(() => {
    const called = new Set(map.edges.filter(({ golden }) => hasTraffic(golden)).map(({ to }) => to));
    const touches = (edge: MapEdge, name: string | undefined) => edge.from === name || edge.to === name;
    return map.edges.flatMap((edge) => {
      const id = edgeId(edge);
      const isSelected = id === selectedEdge;
      const isNear = isSelected || touches(edge, selectedNode) || touches(edge, hovered);
      const planned = layout?.edges.get(id);
      // A silent edge is drawn when asked for, and where nothing else would hold its node on the map.
      const isDrawn = hasTraffic(edge.golden) || withSilent || isNear || (planned && !called.has(edge.to));
      const from = layout?.nodes.get(edge.from);
      const to = layout?.nodes.get(edge.to);
      if (!layout || !isDrawn || !from || !to || edge.from === edge.to) return [];
      const isFar = !isNear && (selectedNode ?? selectedEdge) !== undefined;
      return [
        {
          id,
          type: "traffic",
          source: edge.from,
          target: edge.to,
          data: {
            edge,
            route: planned ?? directRoute(from, to, layout.direction),
            place: isNear ? "near" : isFar ? "far" : "anywhere",
          },
          selected: isSelected,
          zIndex: isNear ? 1 : 0,
          ariaLabel: `${edge.from} to ${edge.to}`,
        },
      ];
    });
  }, [map, layout, withSilent, selectedNode, selectedEdge, hovered]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "Escape" && nodeOf(event.target) !== undefined) {
      // React Flow would take the focus from the node.
      event.stopPropagation();
      onSelect({});
      return;
    }
    const next = tabStop !== undefined && layout ? nodeTowards(event.key, tabStop, layout.nodes) : undefined;
    if (next === undefined || nodeOf(event.target) === undefined) return;
    event.preventDefault();
    frame.current?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(next)}"]`)?.focus();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the nodes within have the focus, and a role
    <div
      ref={frame}
      className={styles.canvas}
      onKeyDownCapture={onKeyDown}
      onFocus={({ target }) => setFocused((before) => nodeOf(target) ?? before)}
    >
      {failure && <p role="alert">The map cannot be laid out: {failure}</p>}
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        ariaLabelConfig={ariaLabelConfig}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        minZoom={0.2}
        maxZoom={2}
        proOptions={{ hideAttribution: true }}
        onNodeClick={(_event, { id }) => onSelect({ node: id })}
        onEdgeClick={(_event, { id }) => onSelect({ edge: id })}
        onPaneClick={() => onSelect({})}
        onNodeMouseEnter={(_event, { id }) => {
          // A touch seems to hover until the next one.
          if (window.matchMedia("(hover: hover)").matches) setHovered(id);
        }}
        onNodeMouseLeave={() => setHovered(undefined)}
        onNodesChange={(changes) => {
          for (const change of changes) {
            if (change.type === "select" && change.selected && change.id !== selectedNode)
              onSelect({ node: change.id });
          }
        }}
      >
        <Background variant={BackgroundVariant.Dots} gap={24} size={1.2} color="var(--line)" />
        <Controls showInteractive={false} position="bottom-left" orientation="horizontal" />
      </ReactFlow>
    </div>
  );
}

function nodeOf(target: EventTarget): string | undefined {
  return target instanceof HTMLElement ? target.closest<HTMLElement>(".react-flow__node")?.dataset.id : undefined;
}

function neighbours(edges: readonly MapEdge[], name: string): ReadonlySet<string> {
  return new Set([
    name,
    ...edges.filter(({ from }) => from === name).map(({ to }) => to),
    ...edges.filter(({ to }) => to === name).map(({ from }) => from),
  ]);
}

function ends(edge: string | undefined): ReadonlySet<string> | undefined {
  return edge === undefined ? undefined : new Set(edge.split("~"));
}

function spoken(node: MapNode): string {
  const { name, golden } = node;
  const traffic = hasTraffic(golden)
    ? `${formatRate(golden.callsPerSecond)}, p95 ${formatDuration(golden.p95Ms)}, ${golden.errors} errors`
    : "no calls in the last minute";
  return `${name}, ${nodeKindLabel(node)}: ${traffic}`;
}
