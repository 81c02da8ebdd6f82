import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { ObservatoryService } from "../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { ScenarioService } from "../../../gen/orrery/scenarios/v1/scenarios_pb.ts";

const shop = createConnectTransport({ baseUrl: window.location.origin, useBinaryFormat: true });

/** The store behind the pages, at their own origin. Unary calls end after 20 s; Watch lasts as long as the tab. */
export const observatory = createClient(ObservatoryService, shop);

/** Runs of fault scenarios, which not every shop has. */
export const scenarioService = createClient(ScenarioService, shop);

/** The bound of a unary call. */
export const callTimeoutMs = 20_000;

/** Where the rows of a query can be had as a file. */
export function downloadAddress(format: "csv" | "parquet", sql: string): string {
  return `/observatory/api/download?${new URLSearchParams({ format, sql })}`;
}
