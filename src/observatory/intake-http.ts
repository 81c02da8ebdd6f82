import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { create, type DescMessage, type MessageInitShape, toBinary, toJson } from "@bufbuild/protobuf";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import { ExportLogsServiceResponseSchema } from "../../gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.ts";
import { ExportMetricsServiceResponseSchema } from "../../gen/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.ts";
import { ExportTraceServiceResponseSchema } from "../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../platform/rpc/rpc-handler.ts";
import type { Signal } from "../platform/telemetry/sink.ts";
import { otlpJsonToBinary } from "./otlp/json.ts";
import { maxRequestBytes, type StoreClient, type Taken } from "./store/store-client.ts";

// OTLP/HTTP: https://opentelemetry.io/docs/specs/otlp/#otlphttp

const signals: Readonly<Record<string, Signal>> = {
  "/v1/traces": "traces",
  "/v1/metrics": "metrics",
  "/v1/logs": "logs",
};

const unzip = promisify(gunzip);

type Format = "protobuf" | "json";

/** A request that cannot be taken, with the status that tells why. */
class Unacceptable extends Error {
  override readonly name = "Unacceptable";
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Takes telemetry at `/v1/traces`, `/v1/metrics` and `/v1/logs`, in Protobuf or JSON, plain or gzipped. */
export function otlpHttpHandler(store: StoreClient): HttpHandler {
  return (request, response) => {
    const format: Format = /^application\/json\b/i.test(request.headers["content-type"] ?? "") ? "json" : "protobuf";
    take(store, request)
      .then(({ signal, taken }) => answer(response, format, signal, taken))
      .catch((error: unknown) => {
        refuse(response, format, error);
        // Read to its end, or the connection could not be used again.
        request.resume();
      });
  };
}

async function take(store: StoreClient, request: HttpRequest): Promise<{ signal: Signal; taken: Taken }> {
  const signal = signals[(request.url ?? "").split("?", 1)[0] ?? ""];
  if (signal === undefined) {
    throw new Unacceptable(404, `Telemetry is taken at ${Object.keys(signals).join(", ")}.`);
  }
  if (request.method !== "POST") throw new Unacceptable(405, "Telemetry is sent with POST.");
  const type = request.headers["content-type"] ?? "";
  const [, format] = /^application\/(x-protobuf|json)\s*(?:;|$)/i.exec(type) ?? [];
  if (format === undefined) {
    throw new Unacceptable(415, "The content type must be application/x-protobuf or application/json.");
  }
  const body = await uncompressed(await bodyOf(request, signal, store), request, () =>
    store.countDropped(signal, "request too large"),
  );
  let binary: Uint8Array = body;
  if (format.toLowerCase() === "json") {
    try {
      binary = otlpJsonToBinary(signal, body.toString("utf8"));
    } catch (cause) {
      store.countDropped(signal, "malformed request");
      throw new Unacceptable(400, "The body is not an export request in OTLP/JSON.", { cause });
    }
  }
  const taken = await store.take(signal, binary);
  if (taken.kind === "malformed") throw new Unacceptable(400, "The body is not an export request in Protobuf.");
  if (taken.kind === "busy") throw new Unacceptable(503, "The store is busy; send it again later.");
  return { signal, taken };
}

async function bodyOf(request: HttpRequest, signal: Signal, store: StoreClient): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxRequestBytes) {
      store.countDropped(signal, "request too large");
      throw new Unacceptable(413, `The body is larger than ${maxRequestBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function uncompressed(body: Buffer, request: HttpRequest, tooLarge: () => void): Promise<Buffer> {
  const encoding = String(request.headers["content-encoding"] ?? "identity").toLowerCase();
  if (encoding === "identity" || encoding === "") return body;
  if (encoding !== "gzip") throw new Unacceptable(415, "The content encoding must be gzip or identity.");
  try {
    return await unzip(body, { maxOutputLength: maxRequestBytes });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") {
      tooLarge();
      throw new Unacceptable(413, `The body is larger than ${maxRequestBytes} bytes when unpacked.`, { cause });
    }
    throw new Unacceptable(400, "The body is not gzip.", { cause });
  }
}

function answer(response: HttpResponse, format: Format, signal: Signal, taken: Taken): void {
  const rejected = taken.kind === "taken" && taken.rejected > 0 ? BigInt(taken.rejected) : undefined;
  const errorMessage = taken.kind === "taken" ? taken.reason : "";
  switch (signal) {
    case "traces":
      send(response, format, 200, ExportTraceServiceResponseSchema, {
        ...(rejected === undefined ? {} : { partialSuccess: { rejectedSpans: rejected, errorMessage } }),
      });
      break;
    case "metrics":
      send(response, format, 200, ExportMetricsServiceResponseSchema, {
        ...(rejected === undefined ? {} : { partialSuccess: { rejectedDataPoints: rejected, errorMessage } }),
      });
      break;
    case "logs":
      send(response, format, 200, ExportLogsServiceResponseSchema, {
        ...(rejected === undefined ? {} : { partialSuccess: { rejectedLogRecords: rejected, errorMessage } }),
      });
      break;
  }
}

/** gRPC's numbers for what OTLP's error bodies tell. */
const codes: Readonly<Record<number, number>> = { 400: 3, 404: 12, 405: 12, 413: 8, 415: 3, 503: 14 };

function refuse(response: HttpResponse, format: Format, error: unknown): void {
  const isKnown = error instanceof Unacceptable;
  const status = isKnown ? error.status : 500;
  if (status === 503) response.setHeader("retry-after", "1");
  if (status === 405) response.setHeader("allow", "POST");
  send(response, format, status, StatusSchema, {
    code: codes[status] ?? 13,
    message: isKnown ? error.message : "Something went wrong on our side.",
  });
}

function send<D extends DescMessage>(
  response: HttpResponse,
  format: Format,
  status: number,
  schema: D,
  init: MessageInitShape<D>,
): void {
  if (response.headersSent || response.destroyed) return;
  const message = create(schema, init);
  const body = format === "json" ? JSON.stringify(toJson(schema, message)) : toBinary(schema, message);
  response.statusCode = status;
  response.setHeader("content-type", format === "json" ? "application/json" : "application/x-protobuf");
  response.setHeader("content-length", Buffer.byteLength(body));
  response.end(body);
}
