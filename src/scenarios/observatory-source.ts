import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { JsonObject } from "@bufbuild/protobuf";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { ConfigError } from "../platform/config/environment.ts";

const questionTimeoutMs = 10_000;
/** The Observatory gives an export a minute. */
const downloadTimeoutMs = 70_000;

/** The Observatory that a recording is made from could not be asked. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

/** What was refused or lost before it could be stored, since the Observatory started. */
export interface SourceDrop {
  readonly signal: string;
  readonly reason: string;
  readonly count: number;
}

/** The Observatory of a running shop, as a recording reads it. */
export class ObservatorySource {
  readonly #url: string;
  readonly #client: Client<typeof ObservatoryService>;

  /** @param url the shop's front port */
  constructor(url: string) {
    if (!URL.canParse(url))
      throw new ConfigError(`--url ${url} is not valid: it takes a URL such as http://localhost:8080.`);
    this.#url = url;
    this.#client = createClient(
      ObservatoryService,
      createConnectTransport({ baseUrl: url, httpVersion: "1.1", defaultTimeoutMs: questionTimeoutMs }),
    );
  }

  /** The one row of a statement's answer, by column. */
  async ask(sql: string): Promise<JsonObject> {
    const { columns, rows } = await this.#client.runQuery({ sql }).catch(failed);
    const values = rows[0]?.values ?? [];
    return Object.fromEntries(
      columns.map(({ name }, index) => {
        const kind = values[index]?.kind;
        return [
          name,
          kind === undefined || kind.case === "nullValue" ? null : (kind.value as string | number | boolean),
        ];
      }),
    );
  }

  async drops(): Promise<readonly SourceDrop[]> {
    const { dropped } = await this.#client.getStatus({}).catch(failed);
    return dropped.map(({ signal, reason, count }) => ({ signal, reason, count: Number(count) }));
  }

  /** Writes a statement's rows to a Parquet file. */
  async download(sql: string, path: string): Promise<void> {
    const query = new URLSearchParams({ format: "parquet", sql });
    const response = await fetch(new URL(`/observatory/api/download?${query}`, this.#url), {
      signal: AbortSignal.timeout(downloadTimeoutMs),
    }).catch(failed);
    if (!response.ok || response.body === null) {
      throw new SourceError(`HTTP ${response.status}: ${(await response.text()).slice(0, 500)}`);
    }
    await pipeline(Readable.fromWeb(response.body), createWriteStream(path)).catch(failed);
  }
}

function failed(cause: unknown): never {
  throw new SourceError(ConnectError.from(cause).rawMessage, { cause });
}
