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
import { whenClosed } from "../http/when-closed.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../rpc/rpc-handler.ts";
import { AttributeSets } from "./attribute-sets.ts";
import { durationBuckets } from "./buckets.ts";
import type { Telemetry } from "./telemetry.ts";

// HTTP conventions: https://opentelemetry.io/docs/specs/semconv/http/

/** One of the services of this process that an answer passes, or one's call of the next. */
interface Layer {
  route?: string;
  end(layer: Layer, status: number): void;
}

/** The layers of an answer under way, the outermost first. */
const layers = Symbol("layers");
/** What a request that is passed on within the process belongs to; a header would say no more. */
const passedOn = Symbol("passed on");

interface LayeredResponse extends HttpResponse {
  [layers]?: Layer[];
}
interface PassedRequest extends HttpRequest {
  [passedOn]?: Context;
}

/** Tells the telemetry of the service that has the request which route answers it: `/api/products/{productId}`. */
export function setHttpRoute(response: HttpResponse, route: string): void {
  const layer = (response as LayeredResponse)[layers]?.at(-1);
  if (layer !== undefined) layer.route = route;
}

/** Ends the layer with the answer, or with its breaking off; of several the innermost first. */
function enter(response: LayeredResponse, layer: Layer): void {
  const known = response[layers];
  if (known !== undefined) {
    known.push(layer);
    return;
  }
  const entered = [layer];
  response[layers] = entered;
  whenClosed(response, () => {
    for (let last = entered.pop(); last !== undefined; last = entered.pop()) last.end(last, response.statusCode);
  });
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
  { tracer, meter, isUnsampled }: Telemetry,
  options: { readonly outside?: OutsideContext; readonly isUntraced?: (url: string) => boolean } = {},
): HttpHandler {
  const duration = meter.createHistogram("http.server.request.duration", {
    description: "Duration of answered HTTP requests",
    unit: "s",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  const outcomes = new AttributeSets((method: string, status: number, route: string | undefined) => ({
    "http.request.method": method,
    "url.scheme": "http",
    "http.response.status_code": status,
    ...(route === undefined ? {} : { "http.route": route }),
    ...(status >= 500 ? { "error.type": String(status) } : {}),
  }));

  return (request, response) => {
    if (options.isUntraced?.(request.url ?? "/")) return handler(request, response);
    const method = knownMethods.has(request.method ?? "") ? (request.method ?? "") : "_OTHER";
    const begun = performance.now();
    const parent = (request as PassedRequest)[passedOn];
    if (parent !== undefined && isUnsampled(parent)) {
      enter(response, {
        end: ({ route }, status) =>
          duration.record((performance.now() - begun) / 1_000, outcomes.of(method, status, route), ROOT_CONTEXT),
      });
      handler(request, response);
      return;
    }
    const { span, active } = beginRequest(request, method, parent);
    enter(response, {
      end({ route }, status) {
        const outcome = outcomes.of(method, status, route);
        if (span.isRecording()) {
          span.setAttributes(outcome);
          if (route !== undefined) span.updateName(`${method} ${route}`);
          if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
        duration.record((performance.now() - begun) / 1_000, outcome, active);
      },
    });
    context.with(active, handler, undefined, request, response);
  };

  function beginRequest(request: HttpRequest, method: string, within: Context | undefined) {
    const brought = within ?? propagation.extract(ROOT_CONTEXT, request.headers);
    const origin = trace.getSpanContext(brought);
    const isLinked = within === undefined && options.outside === "link" && origin !== undefined;
    const parent = isLinked ? trace.deleteSpan(brought) : brought;
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    // The sampler needs no more than the path; the rest is told only to what is kept.
    const span = tracer.startSpan(
      method,
      {
        kind: SpanKind.SERVER,
        attributes: { "url.path": path },
        ...(isLinked ? { links: [{ context: origin }] } : {}),
      },
      parent,
    );
    if (span.isRecording()) {
      span.setAttributes({
        "http.request.method": method,
        "url.scheme": "http",
        "network.protocol.version": request.httpVersion,
        "user_agent.original": request.headers["user-agent"]?.slice(0, 256) ?? "",
        ...baggageAttributes(parent),
      });
    }
    return { span, active: trace.setSpan(parent, span) };
  }
}

/** The same handler as seen by the one who passes requests on to it: a client span around it. */
export function tracedForward(handler: HttpHandler, server: string, { tracer, isUnsampled }: Telemetry): HttpHandler {
  return (request: PassedRequest, response) => {
    const parent = context.active();
    if (isUnsampled(parent)) {
      request[passedOn] = parent;
      handler(request, response);
      return;
    }
    const method = request.method ?? "GET";
    const span = tracer.startSpan(
      `${method} ${server}`,
      { kind: SpanKind.CLIENT, attributes: { "http.request.method": method, "server.address": server } },
      parent,
    );
    const active = trace.setSpan(parent, span);
    request[passedOn] = active;
    enter(response, {
      end(_layer, status) {
        span.setAttribute("http.response.status_code", status);
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      },
    });
    context.with(active, handler, undefined, request, response);
  };
}

/** RPC at the front port as a proxy in a process of its own would show it: a request answered, and one passed on. */
export function tracedRpcProxy(
  rpc: HttpHandler,
  telemetry: Telemetry,
  options: { readonly outside: OutsideContext; readonly isUntraced?: (url: string) => boolean },
): HttpHandler {
  const passing = tracedForward(rpc, "services", telemetry);
  return tracedHttp(
    (request, response) => {
      if (options.isUntraced?.(request.url ?? "/")) return rpc(request, response);
      setHttpRoute(response, request.url?.split("?", 1)[0] ?? "/");
      passing(request, response);
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
