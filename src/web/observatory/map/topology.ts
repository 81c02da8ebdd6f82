import { type MapEdge, type MapNode, NodeKind } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";

/** Names an edge in addresses and in the graph. No service name holds a tilde. */
export function edgeId(edge: { readonly from: string; readonly to: string }): string {
  return `${edge.from}~${edge.to}`;
}

/** What decides the layout: when it stays the same, so does the picture. */
export function topologyKey(nodes: readonly MapNode[], edges: readonly MapEdge[]): string {
  return [...nodes.map(({ name }) => name).sort(), ...edges.map(edgeId).sort()].join("\n");
}

/**
 * The edges that are calls. A page goes on with the trace of the server that sent it, so that the server seems to call
 * the browser; drawn, that would be a circle through which no request ever goes.
 */
export function callsOf(nodes: readonly MapNode[], edges: readonly MapEdge[]): MapEdge[] {
  const browsers = new Set(nodes.filter(({ kind }) => kind === NodeKind.BROWSER).map(({ name }) => name));
  return edges.filter(({ to }) => !browsers.has(to));
}

/**
 * The edges by which a proxy reaches a node that it also reaches by way of another. A front proxy declares a route to
 * every service, and most requests take the way through the frontend: as lines, such edges cross the whole map and
 * tell nothing of how the services depend on each other.
 */
export function shortcuts(nodes: readonly MapNode[], edges: readonly MapEdge[]): ReadonlySet<string> {
  const calls = Map.groupBy(edges, ({ from }) => from);
  const reach = (name: string, found = new Set<string>()): ReadonlySet<string> => {
    for (const { to } of calls.get(name) ?? []) {
      if (found.has(to)) continue;
      found.add(to);
      reach(to, found);
    }
    return found;
  };
  const found = new Set<string>();
  for (const { name, kind } of nodes) {
    if (kind !== NodeKind.PROXY) continue;
    const routes = calls.get(name) ?? [];
    const beyond = new Map(routes.map(({ to }) => [to, reach(to)]));
    for (const route of routes) {
      // Of two that call each other, neither is the other's way.
      const isBehind = [...beyond].some(
        ([other, reached]) => other !== route.to && reached.has(route.to) && !beyond.get(route.to)?.has(other),
      );
      if (isBehind) found.add(edgeId(route));
    }
  }
  return found;
}

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** The step that each arrow key takes on the map. */
const steps: Readonly<Record<string, { readonly x: number; readonly y: number }>> = {
  ArrowRight: { x: 1, y: 0 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowDown: { x: 0, y: 1 },
  ArrowUp: { x: 0, y: -1 },
};

/** The node that an arrow key leads to: the nearest in that direction, and what lies straight ahead counts as nearer. */
export function nodeTowards(key: string, from: string, places: ReadonlyMap<string, Box>): string | undefined {
  const step = steps[key];
  const start = places.get(from);
  if (!step || !start) return undefined;
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [name, box] of places) {
    const across = box.x + box.width / 2 - (start.x + start.width / 2);
    const down = box.y + box.height / 2 - (start.y + start.height / 2);
    const ahead = across * step.x + down * step.y;
    const aside = Math.abs(across * step.y) + Math.abs(down * step.x);
    const distance = ahead + aside * 2;
    // More aside than ahead is another direction, with some room for nodes that stand between two rows.
    if (ahead > 1 && aside <= ahead * 2 && distance < least) {
      best = name;
      least = distance;
    }
  }
  return best;
}
