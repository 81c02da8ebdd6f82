import type { Golden } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatCount, formatDuration, formatRate, formatShare } from "../format.ts";
import { errorShare, hasTraffic, troubleShare } from "./golden.ts";
import styles from "./golden-numbers.module.css";

/** Traffic, errors and durations as a small block of numbers. */
export function GoldenNumbers({ golden }: { readonly golden: Golden | undefined }) {
  if (!hasTraffic(golden)) return <p className="dimmed">No calls in the last minute.</p>;
  const share = errorShare(golden);
  return (
    <dl className={styles.numbers}>
      <div>
        <dt>calls</dt>
        <dd>{formatRate(golden.callsPerSecond)}</dd>
      </div>
      <div>
        <dt>errors</dt>
        <dd className={share >= troubleShare ? "bad" : undefined}>
          {golden.errors > 0n && "✕ "}
          {formatShare(share)}
        </dd>
      </div>
      <div>
        <dt>last minute</dt>
        <dd>{formatCount(golden.calls)}</dd>
      </div>
      <div>
        <dt>p50</dt>
        <dd>{formatDuration(golden.p50Ms)}</dd>
      </div>
      <div>
        <dt>p95</dt>
        <dd>{formatDuration(golden.p95Ms)}</dd>
      </div>
      <div>
        <dt>p99</dt>
        <dd>{formatDuration(golden.p99Ms)}</dd>
      </div>
    </dl>
  );
}
