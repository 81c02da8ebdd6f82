import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { HttpHandler, HttpResponse } from "../rpc/rpc-handler.ts";
import { durationBuckets } from "./buckets.ts";
import type { Telemetry } from "./telemetry.ts";

// HTTP conventions: https://opentelemetry.io/docs/specs/semconv/http/

/** One answer may pass several services in one process, each with a span and a route of its own. */
const layers = new WeakMap<HttpResponse, { route?: string }[]>();

/** Tells the telemetry of the service that has the request which route answers it: `/api/products/{productId}`. */
export function setHttpRoute(response: HttpResponse, route: string): void {
  const layer = layers.get(response)?.at(-1);
  if (layer !== undefined) layer.route = route;
}

export type OutsideContext = "continue" | "link";

/**
 * The same handler, with a server span for each request and `http.server.request.duration`.
 *
 * @param options.outside what becomes of the trace context that a request brings: it is continued, or a new trace is
 *   begun that is linked to it, for requests from people whose ids are not to be trusted
 */
export function tracedHttp(
  handler: HttpHandler,
  { tracer, meter }: Telemetry,
  options: { readonly outside?: OutsideContext; readonly isUntraced?: (url: string) => boolean } = {},
): HttpHandler {
  const duration = meter.createHistogram("http.server.request.duration", {
    description: "Duration of answered HTTP requests",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  return (request, response) => {
    if (options.isUntraced?.(request.url ?? "/")) return handler(request, response);
    const method = knownMethods.has(request.method ?? "") ? (request.method ?? "") : "_OTHER";
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    const brought = propagation.extract(ROOT_CONTEXT, request.headers);
    const origin = trace.getSpanContext(brought);
    const isLinked = options.outside === "link" && origin !== undefined;
    const parent = isLinked ? trace.deleteSpan(brought) : brought;
    const common: Attributes = { "http.request.method": method, "url.scheme": "http" };
    const span = tracer.startSpan(
      method,
      {
        kind: SpanKind.SERVER,
        attributes: {
          ...common,
          "url.path": path,
          "network.protocol.version": request.httpVersion,
          "user_agent.original": request.headers["user-agent"]?.slice(0, 256) ?? "",
          ...baggageAttributes(parent),
        },
        links: isLinked ? [{ context: origin }] : [],
      },
      parent,
    );
    const active = trace.setSpan(parent, span);
    const begun = performance.now();
    const layer: { route?: string } = {};
    layers.set(response, [...(layers.get(response) ?? []), layer]);
    let isDone = false;
    const finish = () => {
      if (isDone) return;
      isDone = true;
      const { route } = layer;
      const status = response.statusCode;
      const outcome: Attributes = {
        "http.response.status_code": status,
        ...(route === undefined ? {} : { "http.route": route }),
        ...(status >= 500 ? { "error.type": String(status) } : {}),
      };
      span.setAttributes(outcome);
      if (route !== undefined) span.updateName(`${method} ${route}`);
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
      duration.record((performance.now() - begun) / 1_000, { ...common, ...outcome }, active);
    };
    // The innermost of several ends first.
    response.prependOnceListener("finish", finish);
    response.prependOnceListener("close", finish);
    context.with(active, () => handler(request, response));
  };
}

/**
 * The same handler as seen by the one who passes requests on to it: a client span around it, and the trace context
 * in the request's headers.
 */
export function tracedForward(handler: HttpHandler, server: string, { tracer }: Telemetry): HttpHandler {
  return (request, response) => {
    const parent = context.active();
    const method = request.method ?? "GET";
    const span = tracer.startSpan(
      `${method} ${server}`,
      { kind: SpanKind.CLIENT, attributes: { "http.request.method": method, "server.address": server } },
      parent,
    );
    const active = trace.setSpan(parent, span);
    propagation.inject(active, request.headers as Record<string, string>);
    let isDone = false;
    const finish = () => {
      if (isDone) return;
      isDone = true;
      span.setAttribute("http.response.status_code", response.statusCode);
      if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    };
    // The innermost of several ends first.
    response.prependOnceListener("finish", finish);
    response.prependOnceListener("close", finish);
    context.with(active, () => handler(request, response));
  };
}

/** RPC at the front port as a proxy in a process of its own would show it: a request answered, and one passed on. */
export function tracedRpcProxy(
  rpc: HttpHandler,
  telemetry: Telemetry,
  options: { readonly outside: OutsideContext; readonly isUntraced?: (url: string) => boolean },
): HttpHandler {
  const passedOn = tracedForward(rpc, "services", telemetry);
  return tracedHttp(
    (request, response) => {
      if (options.isUntraced?.(request.url ?? "/")) return rpc(request, response);
      setHttpRoute(response, request.url?.split("?", 1)[0] ?? "/");
      passedOn(request, response);
    },
    telemetry,
    options,
  );
}

/** The baggage that says whose request it is, as attributes. */
export function baggageAttributes(from: Context): Attributes {
  const baggage = propagation.getBaggage(from);
  if (baggage === undefined) return {};
  const attributes: Attributes = {};
  for (const key of ["session.id", "enduser.id"]) {
    const entry = baggage.getEntry(key);
    if (entry !== undefined) attributes[key] = entry.value.slice(0, 128);
  }
  const synthetic = baggage.getEntry("synthetic_request");
  if (synthetic !== undefined) attributes["demo.synthetic_request"] = synthetic.value.slice(0, 8);
  return attributes;
}

const knownMethods = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);
