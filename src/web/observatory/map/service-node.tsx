import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { type MapNode, NodeKind } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatDuration, formatRate, formatShare } from "../format.ts";
import { serviceColor } from "../service-color.ts";
import { errorShare, hasTraffic, troubleShare } from "./golden.ts";
import { isStore } from "./layout.ts";
import { nodeLabel } from "./node-label.ts";
import styles from "./service-node.module.css";

export type ServiceNodeData = {
  readonly node: MapNode;
  /** Whether another node is selected that it has nothing to do with. */
  readonly isFar: boolean;
};

/** A service, a store, the proxy or the browser on the map. */
export function ServiceNode({ data: { node, isFar }, selected }: NodeProps<Node<ServiceNodeData>>) {
  const share = errorShare(node.golden);
  const isTroubled = share >= troubleShare;
  return (
    <div
      className={styles.node}
      data-store={isStore(node.kind)}
      data-selected={selected}
      data-troubled={isTroubled}
      data-seen={node.isSeen}
      data-far={isFar}
      title={node.name}
    >
      <Handle type="target" position={Position.Left} />
      <span className={styles.mark} style={{ background: isStore(node.kind) ? undefined : serviceColor(node.name) }}>
        <KindIcon kind={node.kind} />
      </span>
      <span className={styles.name}>{nodeLabel(node.name)}</span>
      <span className={styles.numbers}>
        {hasTraffic(node.golden) ? (
          <>
            {formatRate(node.golden.callsPerSecond)}
            {isTroubled ? (
              <strong className={styles.trouble}>✕ {formatShare(share)}</strong>
            ) : (
              !isStore(node.kind) && <span>p95 {formatDuration(node.golden.p95Ms)}</span>
            )}
          </>
        ) : (
          <span>{node.kind === NodeKind.BROWSER ? "shoppers" : node.isSeen ? "quiet" : "not seen"}</span>
        )}
      </span>
      <Handle type="source" position={Position.Right} />
    </div>
  );
}

function KindIcon({ kind }: { readonly kind: NodeKind }) {
  const paths: Partial<Record<NodeKind, string>> = {
    [NodeKind.DATABASE]: "M3 4c0-2 10-2 10 0v8c0 2-10 2-10 0zM3 4c0 2 10 2 10 0M3 8c0 2 10 2 10 0",
    [NodeKind.TOPIC]: "M2 4h12M2 8h12M2 12h8M12 10l2 2-2 2",
    [NodeKind.BROWSER]: "M2 3h12v10H2zM2 6h12",
    [NodeKind.PROXY]: "M2 8h5M7 8l6-4M7 8l6 4M10 4h3v3M10 12h3V9",
  };
  const path = paths[kind];
  if (!path) return null;
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden>
      <path d={path} />
    </svg>
  );
}
