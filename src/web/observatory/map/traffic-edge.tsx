import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import type { MapEdge } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatDuration, formatRate, formatShare } from "../format.ts";
import { errorShare, hasTraffic, troubleShare } from "./golden.ts";
import { labelSize, type Point, roundedPath } from "./layout.ts";
import styles from "./traffic-edge.module.css";

export type TrafficEdgeData = {
  readonly edge: MapEdge;
  readonly points: readonly Point[];
  readonly label: Point | undefined;
  /** Whether it starts or ends at the selected node. */
  readonly isNear: boolean;
};

/** Calls from one node to another: wider and faster with more of them. */
export const TrafficEdge = memo(function TrafficEdge({ id, data, selected }: EdgeProps<Edge<TrafficEdgeData>>) {
  if (!data) return null;
  const { edge, points, label, isNear } = data;
  const { golden } = edge;
  const path = roundedPath(points);
  if (!hasTraffic(golden)) {
    return (
      <g className={styles.edge} data-silent data-selected={selected === true || isNear}>
        <BaseEdge id={id} path={path} interactionWidth={16} />
        <Arrow points={points} size={4} />
      </g>
    );
  }
  const share = errorShare(golden);
  const isTroubled = share >= troubleShare;
  const width = 1.4 + Math.min(4.6, Math.log10(1 + golden.callsPerSecond) * 2.2);
  // Rounded to steps: an animation that gets a new duration jumps.
  const seconds = 2 ** -Math.round(Math.min(3, Math.log2(1 + golden.callsPerSecond) / 1.6)) * 2.4;
  const isShown = selected === true || isNear;
  return (
    <g className={styles.edge} data-troubled={isTroubled} data-selected={isShown}>
      <BaseEdge id={id} path={path} interactionWidth={16} style={{ strokeWidth: width }} />
      <path
        className={styles.flow}
        d={path}
        style={{ strokeWidth: Math.max(1.2, width * 0.55), animationDuration: `${seconds}s` }}
      />
      <Arrow points={points} size={4 + width * 0.7} />
      {label && (
        <EdgeLabelRenderer>
          <div
            className={styles.label}
            data-troubled={isTroubled}
            data-selected={isShown}
            style={{
              transform: `translate(-50%, -50%) translate(${label.x + labelSize.width / 2}px, ${label.y + labelSize.height / 2}px)`,
            }}
          >
            {formatRate(golden.callsPerSecond)}
            {isTroubled && <span> ✕ {formatShare(share)}</span>}
            {selected && (
              <span className={styles.more}>
                p50 {formatDuration(golden.p50Ms)}, p95 {formatDuration(golden.p95Ms)}
              </span>
            )}
          </div>
        </EdgeLabelRenderer>
      )}
    </g>
  );
});

/** Drawn by hand: a marker element would need one id for each colour and size. */
function Arrow({ points, size }: { readonly points: readonly Point[]; readonly size: number }) {
  const tip = points.at(-1);
  const before = points.at(-2);
  if (!tip || !before) return null;
  const degrees = (Math.atan2(tip.y - before.y, tip.x - before.x) * 180) / Math.PI;
  return (
    <path
      className={styles.arrow}
      d={`M0 0L${-size * 1.5} ${-size * 0.75}V${size * 0.75}Z`}
      transform={`translate(${tip.x} ${tip.y}) rotate(${degrees})`}
    />
  );
}
