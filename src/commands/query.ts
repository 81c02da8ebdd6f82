import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { ConfigError } from "../platform/config/environment.ts";
import { textTable } from "./stages.ts";

export interface QueryOptions {
  readonly url: string;
  readonly json?: boolean;
  readonly maxRows: number;
}

/** Asks the Observatory of a running shop by SQL, and prints the answer as a table or as JSON. */
export async function query(sql: string, { url, json, maxRows }: QueryOptions): Promise<void> {
  if (!URL.canParse(url))
    throw new ConfigError(`--url ${url} is not valid: it takes a URL such as http://localhost:8080.`);
  const client = createClient(ObservatoryService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
  const { columns, rows, isTruncated, elapsedMs } = await client.runQuery({ sql, maxRows }).catch((cause) => {
    const error = ConnectError.from(cause);
    const why = error.code === Code.Unavailable ? "No shop answers there; start one with npm start." : error.rawMessage;
    throw new ConfigError(`${url}: ${why}`, { cause });
  });
  const cells = rows.map(({ values }) => values.map(({ kind }) => plain(kind)));
  if (json) {
    const objects = cells.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
    process.stdout.write(`${JSON.stringify(objects, null, 2)}\n`);
    return;
  }
  const texts = cells.map((row) => row.map((cell) => (cell === null ? "" : String(cell))));
  process.stdout.write(textTable([columns.map(({ name }) => name), ...texts]));
  const more = isTruncated ? ", and more that were left out: see --max-rows" : "";
  process.stderr.write(`${rows.length} rows in ${elapsedMs.toFixed(1)} ms${more}\n`);
}

function plain(kind: {
  readonly case?: string | undefined;
  readonly value?: unknown;
}): string | number | boolean | null {
  const { value } = kind;
  if (kind.case === "nullValue" || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return JSON.stringify(value);
}
