import type { GetMapResponse } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { ServiceName } from "../service-name.tsx";
import { GoldenCells, GoldenHeads } from "./golden-cells.tsx";
import styles from "./map-table.module.css";
import { nodeKindLabel } from "./node-label.ts";

const percentiles = ["p50Ms", "p95Ms", "p99Ms"] as const;

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
      <table className="panel pinned">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Kind</th>
            <th scope="col">Criticality</th>
            <GoldenHeads percentiles={percentiles} />
            <th scope="col">Calls to</th>
          </tr>
        </thead>
        <tbody>
          {map.nodes.map((node) => (
            <tr key={node.name}>
              <th scope="row">
                <button type="button" className={`tap ${styles.name}`} onClick={() => onSelect(node.name)}>
                  <ServiceName name={node.name} />
                </button>
              </th>
              <td>{nodeKindLabel(node)}</td>
              <td>{node.criticality}</td>
              <GoldenCells golden={node.golden} percentiles={percentiles} />
              <td className={`dimmed ${styles.called}`}>
                {map.edges
                  .filter(({ from }) => from === node.name)
                  .map(({ to }) => to)
                  .join(", ")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
