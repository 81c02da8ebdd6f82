import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import type { MapEdge } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatRate, formatShare } from "../format.ts";
import { FlowDots } from "./flow-dots.tsx";
import { errorShare, hasTraffic, troubleShare } from "./golden.ts";
import { labelSize, type Route } from "./layout.ts";
import styles from "./traffic-edge.module.css";

export type TrafficEdgeData = {
  readonly edge: MapEdge;
  readonly route: Route;
  /** `near` starts or ends at the node that the reader looks at, `far` does not. */
  readonly place: "near" | "far" | "anywhere";
};

/** Calls from one node to another: wider with more of them. */
export const TrafficEdge = memo(function TrafficEdge({ id, data, selected }: EdgeProps<Edge<TrafficEdgeData>>) {
  if (!data) return null;
  const { edge, route } = data;
  const { golden } = edge;
  const { path } = route;
  const place = selected ? "near" : data.place;
  if (!hasTraffic(golden)) {
    return (
      <g className={styles.edge} data-silent data-place={place}>
        <BaseEdge id={id} path={path} interactionWidth={16} />
        <Arrow route={route} size={4} />
      </g>
    );
  }
  const share = errorShare(golden);
  const isTroubled = share >= troubleShare;
  const width = 1.4 + Math.min(4.6, Math.log10(1 + golden.callsPerSecond) * 2.2);
  const { label } = route;
  return (
    <g className={styles.edge} data-troubled={isTroubled} data-place={place}>
      <BaseEdge id={id} path={path} interactionWidth={16} style={{ strokeWidth: width }} />
      <Arrow route={route} size={4 + width * 0.7} />
      <EdgeLabelRenderer>
        {place === "near" && (
          <FlowDots points={route.points} callsPerSecond={golden.callsPerSecond} isTroubled={isTroubled} />
        )}
        {label && (
          <div
            className={styles.label}
            data-troubled={isTroubled}
            data-place={place}
            style={{
              transform: `translate(-50%, -50%) translate(${label.x + labelSize.width / 2}px, ${label.y + labelSize.height / 2}px)`,
            }}
          >
            {formatRate(golden.callsPerSecond)}
            {isTroubled && <span> ✕ {formatShare(share)}</span>}
          </div>
        )}
      </EdgeLabelRenderer>
    </g>
  );
});

/** Drawn by hand: a marker element would need one id for each colour and size. */
function Arrow({ route, size }: { readonly route: Route; readonly size: number }) {
  const tip = route.points.at(-1);
  if (!tip) return null;
  return (
    <path
      className={styles.arrow}
      d={`M0 0L${-size * 1.5} ${-size * 0.75}V${size * 0.75}Z`}
      transform={`translate(${tip.x} ${tip.y}) rotate(${route.arrival})`}
    />
  );
}
