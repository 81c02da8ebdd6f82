import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { type Problem, problemOf, sendProblem, titleOf } from "../platform/http/problem.ts";
import type { Logger } from "../platform/logging/logger.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../platform/rpc/rpc-handler.ts";
import { observatoryErrors } from "./errors.ts";
import { answerJaeger } from "./jaeger.ts";
import { Refusal } from "./store/refusal.ts";
import type { StoreClient } from "./store/store-client.ts";

const jaegerPrefix = /^\/jaeger\/ui(?=\/api\/)/;
const downloadPath = "/api/download";
const maxSqlLength = 20_000;

const contentTypes = { csv: "text/csv; charset=utf-8", parquet: "application/vnd.apache.parquet" } as const;

/**
 * What is for programs: `/api/download?format=csv|parquet&sql=...`, Jaeger's API under `/jaeger/ui/api/`, and OTLP under
 * `/v1/`, which `otlp` answers.
 */
export function observatoryHttp(options: {
  readonly store: StoreClient;
  readonly otlp: HttpHandler;
  readonly log: Logger;
}): HttpHandler {
  const { store, otlp, log } = options;
  return (request, response) => {
    const url = request.url ?? "/";
    if (url.startsWith("/v1/")) {
      otlp(request, response);
      return;
    }
    answer(request, response, store).catch((error: unknown) => {
      const problem = problemFor(error);
      if (problem.status >= 500) log.error({ error }, "Could not answer a request");
      sendProblem(response, problem);
    });
  };
}

async function answer(request: HttpRequest, response: HttpResponse, store: StoreClient): Promise<void> {
  const url = request.url ?? "/";
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    sendProblem(response, { status: 405, title: titleOf(405) });
    return;
  }
  const { pathname, searchParams } = new URL(url, "http://localhost");
  if (pathname === downloadPath) {
    await download(searchParams, response, store);
    return;
  }
  if (jaegerPrefix.test(pathname)) {
    const answered = await answerJaeger(url.replace(jaegerPrefix, ""), store);
    if (answered !== undefined) {
      const body = JSON.stringify(answered.body);
      response.statusCode = answered.status;
      response.setHeader("content-type", "application/json");
      response.setHeader("content-length", Buffer.byteLength(body));
      response.end(request.method === "HEAD" ? undefined : body);
      return;
    }
  }
  sendProblem(response, { status: 404, title: titleOf(404), detail: `There is nothing at ${pathname}.` });
}

async function download(query: URLSearchParams, response: HttpResponse, store: StoreClient): Promise<void> {
  const format = query.get("format") ?? "csv";
  const sql = query.get("sql") ?? "";
  if (format !== "csv" && format !== "parquet") throw new Refusal("The format must be csv or parquet.");
  if (sql.trim() === "") throw new Refusal("The parameter sql is missing.");
  if (sql.length > maxSqlLength) throw new Refusal(`The statement is longer than ${maxSqlLength} characters.`);
  const path = await store.ask("exportQuery", sql, format);
  try {
    const { size } = await stat(path);
    // Who asked has gone away.
    if (response.destroyed) return;
    response.statusCode = 200;
    response.setHeader("content-type", contentTypes[format]);
    response.setHeader("content-length", size);
    response.setHeader("content-disposition", `attachment; filename="observatory.${format}"`);
    await pipeline(createReadStream(path), response).catch((error: NodeJS.ErrnoException) => {
      // Or goes meanwhile.
      if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
    });
  } finally {
    await rm(path, { force: true });
  }
}

function problemFor(error: unknown): Problem {
  if (!(error instanceof Refusal)) return problemOf(error);
  return { status: 400, title: titleOf(400), detail: error.message, reason: observatoryErrors.QUERY_REFUSED.reason };
}
