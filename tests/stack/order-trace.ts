import { randomBytes } from "node:crypto";
import type { ServiceDeclaration } from "../../src/platform/lifecycle/service.ts";
import { services } from "../../src/services/index.ts";

/** A trace that begins with a request of the caller's. */
export interface OwnTrace {
  readonly id: string;
  /** The span that the request is part of; no backend has it. */
  readonly span: string;
  /** The header that says so. */
  readonly traceparent: string;
}

export function newTrace(): OwnTrace {
  const id = randomBytes(16).toString("hex");
  const span = randomBytes(8).toString("hex");
  return { id, span, traceparent: `00-${id}-${span}-01` };
}

interface JaegerSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly processID: string;
  readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}

/** A trace as Jaeger's API tells of it. */
export interface JaegerTrace {
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** What Jaeger's API at an address, or that of the Observatory, has of a trace. */
export async function traceIn(url: string, id: string): Promise<JaegerTrace | undefined> {
  const response = await fetch(`${url}/jaeger/ui/api/traces/${id}`);
  const text = await response.text();
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${text}`);
  return JSON.parse(text).data[0];
}

/** `checkout -> payment`: who calls whom, or reads whose messages. */
export function edge(from: string, to: string): string {
  return `${from} -> ${to}`;
}

/** The services that one calls, as far as the web's traffic has it do so. */
export function calledBy({ name, calls }: ServiceDeclaration): readonly string[] {
  // The front proxy may call every service; the web goes to two of them.
  return name === "frontend-proxy" ? ["frontend", "image-provider"] : calls;
}

/** The services that read what one publishes. */
export function readersOf({ publishes = [] }: ServiceDeclaration): readonly string[] {
  const readers = services.filter(({ consumes = [] }) => consumes.some((topic) => publishes.includes(topic)));
  return readers.map(({ name }) => name);
}

/** The edges of an order, from the front proxy to all that checkout sets going. */
const orderEdges = [edge("frontend-proxy", "frontend"), edge("frontend", "checkout"), ...edgesBelow("checkout")];

function edgesBelow(name: string): readonly string[] {
  const service = services.find((each) => each.name === name);
  const next = service === undefined ? [] : [...calledBy(service), ...readersOf(service)];
  return next.flatMap((to) => [edge(name, to), ...edgesBelow(to)]);
}

/** The services that take part in an order. */
export const orderServices = [...new Set(orderEdges.flatMap((each) => each.split(" -> ")))].toSorted();

/** What a backend lacks of an order's trace: edges that none of its spans make, and parents of spans that it has. */
export function missingFromOrder(trace: JaegerTrace | undefined, { span }: OwnTrace): readonly string[] {
  const { spans = [], processes = {} } = trace ?? {};
  const serviceOf = ({ processID }: JaegerSpan) => processes[processID]?.serviceName ?? "";
  const known = new Map(spans.map((each) => [each.spanID, serviceOf(each)]));
  known.set(span, "the caller");
  const found = new Set<string>();
  const orphans: string[] = [];
  for (const each of spans) {
    // Jaeger tells of a parent that is linked to, too, that the span follows from it.
    const parents = each.references.flatMap(({ spanID }) => known.get(spanID) ?? []);
    for (const parent of parents) found.add(edge(parent, serviceOf(each)));
    if (parents.length === 0) orphans.push(`the parent of ${serviceOf(each)}: ${each.operationName}`);
  }
  return [...orderEdges.filter((each) => !found.has(each)), ...orphans];
}
