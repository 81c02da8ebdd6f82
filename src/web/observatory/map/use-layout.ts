import { useEffect, useRef, useState } from "react";
import type { GetMapResponse } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { hasTraffic } from "./golden.ts";
import { type Direction, type Layout, layOut } from "./layout.ts";
import { edgeId, shortcuts, topologyKey } from "./topology.ts";

/**
 * Where everything stands. It changes when nodes or edges appear, not when calls come and go, but for one kind of edge:
 * a proxy's shortcut gets room of its own when the first call takes it, and then keeps it.
 */
export function useLayout(
  map: GetMapResponse,
  direction: Direction | undefined,
): { readonly layout: Layout | undefined; readonly failure: string } {
  const [layout, setLayout] = useState<Layout>();
  const [failure, setFailure] = useState("");
  const used = useRef(new Set<string>());
  const aside = shortcuts(map.nodes, map.edges);
  const edges = map.edges.filter((edge) => {
    const id = edgeId(edge);
    if (hasTraffic(edge.golden)) used.current.add(id);
    return !aside.has(id) || used.current.has(id);
  });
  const key = topologyKey(map.nodes, edges);
  useEffect(() => {
    if (!direction) return;
    let isWanted = true;
    layOut(map.nodes, edges, direction).then(
      (placed) => {
        if (isWanted) setLayout(placed);
      },
      (error: Error) => setFailure(error.message),
    );
    return () => {
      isWanted = false;
    };
  }, [key, direction]);
  return { layout, failure };
}
