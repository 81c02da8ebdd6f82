import {
  type Attributes,
  type Context,
  propagation,
  ROOT_CONTEXT,
  SeverityNumber,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";
import { env } from "./env.ts";
import { userId } from "./session.ts";

const batch = { scheduledDelayMillis: 500 };
/** How long after a click what is fetched counts as its doing. */
const interactionMs = 1_500;

export interface BrowserTelemetry {
  /** Runs a request in a client span, and gives it the headers that carry its trace to the server. */
  fetch(url: string, init: RequestInit & { readonly headers: Record<string, string> }): Promise<Response>;
  /** Begins the trace of a page that was navigated to without loading a document. */
  view(route: string): void;
}

/** Sends nothing, and lets requests go as they are. */
const noTelemetry: BrowserTelemetry = { fetch: (url, init) => fetch(url, init), view: () => {} };

/**
 * Starts the browser's telemetry, as service `frontend-web`: the page load as part of the server's trace, views,
 * clicks, requests, web vitals and errors. Off unless the server names an endpoint.
 */
function startTelemetry(): BrowserTelemetry {
  const endpoint = env.NEXT_PUBLIC_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  if (!endpoint) return noTelemetry;
  const resource = resourceFromAttributes({
    "service.name": env.NEXT_PUBLIC_OTEL_SERVICE_NAME ?? "frontend-web",
    "service.namespace": "opentelemetry-demo",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.language": "webjs",
  });
  const tracer = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: endpoint }), ...batch })],
  }).getTracer("orrery");
  const logger = new LoggerProvider({
    resource,
    processors: [
      new BatchLogRecordProcessor({
        exporter: new OTLPLogExporter({ url: endpoint.replace(/\/traces$/, "/logs") }),
        ...batch,
      }),
    ],
  }).getLogger("orrery");
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());

  let view: Context = ROOT_CONTEXT;
  let interaction: { readonly context: Context; readonly until: number } | undefined;
  const active = () =>
    interaction !== undefined && performance.now() < interaction.until ? interaction.context : view;

  function span(name: string, kind: SpanKind, parent: Context, attributes: Attributes, startTime?: number) {
    return tracer.startSpan(
      name,
      { kind, attributes: { ...whose(), ...attributes }, ...(startTime === undefined ? {} : { startTime }) },
      parent,
    );
  }

  function log(eventName: string, severityNumber: SeverityNumber, body: string, attributes: Attributes): void {
    logger.emit({
      eventName,
      severityNumber,
      severityText: severityNumber >= SeverityNumber.ERROR ? "ERROR" : "INFO",
      body,
      attributes: { ...whose(), "url.path": location.pathname, ...attributes },
      context: active(),
    });
  }

  const fromServer = document.querySelector<HTMLMetaElement>('meta[name="traceparent"]')?.content;
  const load = span(
    "documentLoad",
    SpanKind.INTERNAL,
    propagation.extract(ROOT_CONTEXT, fromServer === undefined ? {} : { traceparent: fromServer }),
    { "url.path": location.pathname },
    performance.timeOrigin,
  );
  view = trace.setSpan(ROOT_CONTEXT, load);
  const loaded = () => setTimeout(() => load.end(), 0);
  if (document.readyState === "complete") loaded();
  else addEventListener("load", loaded, { once: true });
  log("session.start", SeverityNumber.INFO, "Session started", {});

  addEventListener(
    "click",
    ({ target }) => {
      const element = target instanceof Element ? target.closest("a, button, [role=button]") : null;
      if (element === null) return;
      const name = element.getAttribute("data-cy") ?? element.tagName.toLowerCase();
      // A trace of its own, so that it is as long as what the click led to, not as what was read before.
      const click = span(`click ${name}`, SpanKind.INTERNAL, ROOT_CONTEXT, { "demo.browser.target": name });
      const shown = trace.getSpanContext(view);
      if (shown !== undefined) click.addLink({ context: shown });
      interaction = { context: trace.setSpan(ROOT_CONTEXT, click), until: performance.now() + interactionMs };
      click.end();
    },
    { capture: true },
  );
  for (const observe of [onCLS, onFCP, onINP, onLCP, onTTFB]) {
    observe(({ name, value, rating }) => {
      log("browser.web_vital", SeverityNumber.INFO, `${name} is ${rating}`, {
        "browser.web_vital.name": name.toLowerCase(),
        "browser.web_vital.value": value,
        "browser.web_vital.rating": rating,
      });
    });
  }
  let isLeaving = false;
  addEventListener("pagehide", () => {
    isLeaving = true;
  });
  addEventListener("pageshow", () => {
    isLeaving = false;
  });
  const failed = (type: string, message: string) =>
    log("exception", SeverityNumber.ERROR, message.slice(0, 500), {
      "exception.type": type,
      "exception.message": message.slice(0, 500),
    });
  addEventListener("error", ({ error, message }) => failed(error instanceof Error ? error.name : "Error", message));
  addEventListener("unhandledrejection", ({ reason }) =>
    failed(reason instanceof Error ? reason.name : "UnhandledRejection", String(reason)),
  );

  return {
    view(route) {
      interaction = undefined;
      const shown = span(`view ${route}`, SpanKind.INTERNAL, ROOT_CONTEXT, {
        "http.route": route,
        "url.path": location.pathname,
      });
      view = trace.setSpan(ROOT_CONTEXT, shown);
      shown.end();
    },
    async fetch(url, init) {
      const method = init.method ?? "GET";
      const path = url.split("?", 1)[0] ?? url;
      const request = span(`${method} ${path.replace(/\/[0-9A-Za-z-]{10,}$/, "/{id}")}`, SpanKind.CLIENT, active(), {
        "http.request.method": method,
        "url.path": path,
        "server.address": location.hostname,
      });
      const headers: Record<string, string> = { ...init.headers };
      propagation.inject(trace.setSpan(ROOT_CONTEXT, request), headers);
      headers.baggage = `session.id=${userId},enduser.id=${userId}${env.IS_SYNTHETIC_REQUEST === "true" ? ",synthetic_request=true" : ""}`;
      try {
        const response = await fetch(url, { ...init, headers });
        request.setAttribute("http.response.status_code", response.status);
        if (response.status >= 500) request.setStatus({ code: SpanStatusCode.ERROR });
        return response;
      } catch (error) {
        // Requests that the page itself gave up, or that end with it, did not fail.
        if (!init.signal?.aborted && !isLeaving) request.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        request.end();
      }
    },
  };
}

function whose(): Attributes {
  return {
    "session.id": userId,
    "enduser.id": userId,
    ...(env.IS_SYNTHETIC_REQUEST === "true" ? { "demo.synthetic_request": "true" } : {}),
  };
}

/** The page's telemetry. */
export const telemetry = startTelemetry();
