import type { GetMapResponse } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { formatDuration, formatRate, formatShare } from "../format.ts";
import { ServiceName } from "../service-name.tsx";
import { errorShare, hasTraffic, troubleShare } from "./golden.ts";
import styles from "./map-table.module.css";
import { nodeKindLabel } from "./node-label.ts";

/** The map as rows: the same numbers for those who read rather than look. */
export function MapTable({
  map,
  onSelect,
}: {
  readonly map: GetMapResponse;
  readonly onSelect: (name: string) => void;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section className={styles.scroll} tabIndex={0} aria-label="Services and stores">
      <table className="panel">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Kind</th>
            <th scope="col">Criticality</th>
            <th scope="col" className="number">
              Calls
            </th>
            <th scope="col" className="number">
              Errors
            </th>
            <th scope="col" className="number">
              p50
            </th>
            <th scope="col" className="number">
              p95
            </th>
            <th scope="col" className="number">
              p99
            </th>
            <th scope="col">Calls to</th>
          </tr>
        </thead>
        <tbody>
          {map.nodes.map((node) => {
            const { golden } = node;
            const share = errorShare(golden);
            return (
              <tr key={node.name}>
                <th scope="row">
                  <button type="button" className={styles.name} onClick={() => onSelect(node.name)}>
                    <ServiceName name={node.name} />
                  </button>
                </th>
                <td>{nodeKindLabel(node.kind)}</td>
                <td>{node.criticality}</td>
                <td className="number">{hasTraffic(golden) ? formatRate(golden.callsPerSecond) : "–"}</td>
                <td className={`number ${share >= troubleShare ? "bad" : ""}`}>
                  {hasTraffic(golden) ? formatShare(share) : "–"}
                </td>
                <td className="number">{hasTraffic(golden) ? formatDuration(golden.p50Ms) : "–"}</td>
                <td className="number">{hasTraffic(golden) ? formatDuration(golden.p95Ms) : "–"}</td>
                <td className="number">{hasTraffic(golden) ? formatDuration(golden.p99Ms) : "–"}</td>
                <td className="dimmed">
                  {map.edges
                    .filter(({ from }) => from === node.name)
                    .map(({ to }) => to)
                    .join(", ")}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
