import ELK, { type ElkExtendedEdge, type ElkNode } from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import type { MapEdge, MapNode } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { NodeKind } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { edgeId } from "./topology.ts";

export type Point = { readonly x: number; readonly y: number };
export type Place = Point & { readonly width: number; readonly height: number };
/** From where the requests come in to the stores. */
export type Direction = "RIGHT" | "DOWN";
/** How an edge is drawn. */
export type Route = {
  readonly points: readonly Point[];
  /** As an SVG path. */
  readonly path: string;
  /** The direction of its end, in degrees clockwise from the right. */
  readonly arrival: number;
  /** The top left of its label. */
  readonly label: Point | undefined;
};

/** Where everything stands, in pixels at full size. */
export type Layout = {
  readonly direction: Direction;
  readonly width: number;
  readonly height: number;
  readonly nodes: ReadonlyMap<string, Place>;
  /** By `edgeId`. */
  readonly edges: ReadonlyMap<string, Route>;
};

/** Room for a label such as `42.1/s`. */
export const labelSize = { width: 44, height: 18 } as const;

export function isStore(kind: NodeKind): boolean {
  return kind === NodeKind.DATABASE || kind === NodeKind.TOPIC;
}

let elk: InstanceType<typeof ELK> | undefined;

/** Lays the graph out in layers, from whoever calls to whoever is called, in a worker of the page. */
export async function layOut(
  nodes: readonly MapNode[],
  edges: readonly MapEdge[],
  direction: Direction,
): Promise<Layout> {
  elk ??= new ELK({ workerUrl });
  const names = new Set(nodes.map(({ name }) => name));
  const graph: ElkNode = {
    id: "map",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": direction,
      "elk.edgeRouting": "ORTHOGONAL",
      "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
      "elk.layered.nodePlacement.favorStraightEdges": "true",
      "elk.layered.crossingMinimization.forceNodeModelOrder": "false",
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
      "elk.layered.thoroughness": "20",
      "elk.layered.spacing.nodeNodeBetweenLayers": "26",
      "elk.layered.spacing.edgeNodeBetweenLayers": "14",
      "elk.layered.spacing.edgeEdgeBetweenLayers": "11",
      "elk.spacing.nodeNode": "22",
      "elk.spacing.edgeNode": "14",
      "elk.spacing.edgeEdge": "11",
      "elk.spacing.edgeLabel": "0",
      "elk.edgeLabels.inline": "true",
    },
    children: nodes
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, kind }) => ({ id: name, width: isStore(kind) ? 132 : 168, height: isStore(kind) ? 44 : 60 })),
    edges: edges
      .filter(({ from, to }) => names.has(from) && names.has(to) && from !== to)
      .toSorted((a, b) => (edgeId(a) < edgeId(b) ? -1 : 1))
      .map((edge) => ({
        id: edgeId(edge),
        sources: [edge.from],
        targets: [edge.to],
        labels: [{ id: `${edgeId(edge)} label`, text: "0", ...labelSize }],
      })),
  };
  const placed = await elk.layout(graph);
  return {
    direction,
    width: placed.width ?? 0,
    height: placed.height ?? 0,
    nodes: new Map(
      (placed.children ?? []).map(({ id, x = 0, y = 0, width = 0, height = 0 }) => [id, { x, y, width, height }]),
    ),
    edges: new Map((placed.edges ?? []).map((edge) => [edge.id, routeOf(edge)])),
  };
}

/** Where the requests come in: the node that stands first. */
export function entrance(layout: Layout | undefined): string | undefined {
  const along = ({ x, y }: Point) => (layout?.direction === "DOWN" ? y : x);
  const [first] = [...(layout?.nodes ?? [])].sort(([, a], [, b]) => along(a) - along(b));
  return first?.[0];
}

function routeOf(edge: ElkExtendedEdge): Route {
  const points = (edge.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) => [
    startPoint,
    ...bendPoints,
    endPoint,
  ]);
  const label = edge.labels?.[0];
  const tip = points.at(-1);
  const before = points.at(-2);
  return {
    points,
    path: roundedPath(points),
    arrival: tip && before ? (Math.atan2(tip.y - before.y, tip.x - before.x) * 180) / Math.PI : 0,
    label: label ? { x: label.x ?? 0, y: label.y ?? 0 } : undefined,
  };
}

/** The way of an edge that the layout leaves out: a curve from one node to the other. */
export function directRoute(from: Place, to: Place, direction: Direction): Route {
  const isDown = direction === "DOWN";
  const start = isDown
    ? { x: from.x + from.width / 2, y: from.y + from.height }
    : { x: from.x + from.width, y: from.y + from.height / 2 };
  const end = isDown ? { x: to.x + to.width / 2, y: to.y } : { x: to.x, y: to.y + to.height / 2 };
  const bend = Math.max(40, Math.abs(isDown ? end.y - start.y : end.x - start.x) / 2);
  const [across, down] = isDown ? [0, bend] : [bend, 0];
  return {
    points: [start, end],
    path: `M${start.x},${start.y}C${start.x + across},${start.y + down} ${end.x - across},${end.y - down} ${end.x},${end.y}`,
    arrival: isDown ? 90 : 0,
    label: undefined,
  };
}

/** An SVG path along points, its corners rounded. */
function roundedPath(points: readonly Point[], radius = 9): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const parts = [`M${first.x},${first.y}`];
  let from = first;
  rest.forEach((corner, index) => {
    const next = rest[index + 1];
    if (!next) {
      parts.push(`L${corner.x},${corner.y}`);
      return;
    }
    const before = towards(corner, from, radius);
    const after = towards(corner, next, radius);
    parts.push(`L${before.x},${before.y}Q${corner.x},${corner.y} ${after.x},${after.y}`);
    from = corner;
  });
  return parts.join("");
}

/** The point on the way from `from` to `to`, at most `distance` away and never past the middle. */
function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const share = length === 0 ? 0 : Math.min(distance, length / 2) / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
