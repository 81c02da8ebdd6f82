import type { Golden } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatDuration, formatRate, formatShare } from "../format.ts";
import { errorShare, hasTraffic, troubleShare } from "./golden.ts";

type Percentile = "p50Ms" | "p95Ms" | "p99Ms";

/** The heads of the columns that `GoldenCells` fills. */
export function GoldenHeads({ percentiles }: { readonly percentiles: readonly Percentile[] }) {
  return ["calls", "errors", ...percentiles.map((name) => name.slice(0, 3))].map((name) => (
    <th key={name} scope="col" className="number">
      {name}
    </th>
  ));
}

/** Traffic, errors and durations as cells of a row. */
export function GoldenCells({
  golden,
  percentiles,
}: {
  readonly golden: Golden | undefined;
  readonly percentiles: readonly Percentile[];
}) {
  if (!hasTraffic(golden)) {
    return (
      <>
        <td className="number dimmed">silent</td>
        {["errors", ...percentiles].map((name) => (
          <td key={name} className="number dimmed">
            –
          </td>
        ))}
      </>
    );
  }
  const share = errorShare(golden);
  return (
    <>
      <td className="number">{formatRate(golden.callsPerSecond)}</td>
      <td className={`number ${share >= troubleShare ? "bad" : ""}`}>{formatShare(share)}</td>
      {percentiles.map((name) => (
        <td key={name} className="number">
          {formatDuration(golden[name])}
        </td>
      ))}
    </>
  );
}
