import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { attribute } from "../../gen/telemetry/registry.ts";
import type { Telemetry } from "../platform/telemetry/telemetry.ts";
import { areAds, areProducts, type Check, isCart, isOrder, isPage, isProduct } from "./checks.ts";
import type { Failure } from "./failure.ts";
import { type HttpClient, type Sent, UnansweredError } from "./http-client.ts";
import type { LoadInstruments } from "./instruments.ts";
import type { Statistics } from "./statistics.ts";
import { type Line, spanNames, type Task, type TaskName } from "./tasks.ts";

/** What all visits of a load share. */
export interface VisitContext {
  readonly client: HttpClient;
  readonly statistics: Statistics;
  readonly telemetry: Telemetry;
  readonly instruments: LoadInstruments;
  /** What a flood of the home page is called. */
  readonly floodsAre: TaskName;
  /** Told each failed check. */
  onFailure?(failure: Failure, request: string): void;
}

/** A request, what it is counted as, and what its answer must be. */
interface Asked extends Pick<Sent, "method" | "path" | "body"> {
  /** The path without what differs: `/api/products/{productId}`. */
  readonly template: string;
  readonly check: Check;
}

/** Somebody's visit to the shop: tasks in one session. */
export class Visit {
  readonly #of: VisitContext;
  readonly #sessionId: string;
  /** Of the next request: from then on its time counts. */
  #intendedAt: number | undefined;

  constructor(of: VisitContext, sessionId: string) {
    this.#of = of;
    this.#sessionId = sessionId;
  }

  /**
   * Does a task; a failed request ends it.
   *
   * @param options.intendedAt when it was to begin, by `performance.now()`, if that was not now: the delay counts into the
   *   time of its first request, as the visitor had to wait for it
   * @param options.floods requests of a flood
   */
  async perform(
    task: Task,
    { intendedAt, floods = 0 }: { readonly intendedAt?: number; readonly floods?: number } = {},
  ): Promise<Failure | undefined> {
    this.#intendedAt = intendedAt;
    const told = task.name === "floodHome" ? this.#of.floodsAre : task.name;
    const failure = await this.#spanned(spanNames[told], attributesOf(task), ROOT_CONTEXT, (within, span) =>
      this.#requests(task, within, span, floods),
    );
    this.#of.statistics.task(told, failure !== undefined);
    this.#of.instruments.tasks.add(1, taskAttributes(told));
    return failure;
  }

  async #requests(task: Task, within: Context, span: Span, floods: number): Promise<Failure | undefined> {
    switch (task.name) {
      case "startSession":
      case "index":
        return this.#ask(home, within, span);
      case "floodHome": {
        for (let times = 0; times < floods; times++) {
          const failure = await this.#ask(home, within, span);
          if (failure !== undefined) return failure;
        }
        return undefined;
      }
      case "browseProduct":
        return this.#ask(productPage(task.productId), within, span);
      case "getRecommendations":
        return this.#ask(
          get("/api/recommendations", areProducts, `?productIds=${task.productId}&sessionId=${this.#sessionId}`),
          within,
          span,
        );
      case "getAds":
        return this.#ask(
          get("/api/data", areAds, task.category === undefined ? "" : `?contextKeys=${task.category}`),
          within,
          span,
        );
      case "viewCart":
        return this.#ask(get("/api/cart", isCart(this.#sessionId), `?sessionId=${this.#sessionId}`), within, span);
      case "addToCart":
        return this.#addToCart(task.userId, task.line, within, span);
      case "checkout":
      case "checkoutMulti": {
        const { userId, lines, person } = task;
        for (const line of lines) {
          const failure = await this.#spanned(
            spanNames.addToCart,
            { [attribute.demoProductId]: line.productId, [attribute.demoProductQuantity]: line.quantity },
            within,
            (inner, own) => this.#addToCart(userId, line, inner, own),
          );
          if (failure !== undefined) return failure;
        }
        const check = isOrder(lines.map(({ productId }) => productId));
        const path = "/api/checkout";
        return this.#ask({ method: "POST", path, template: path, body: { ...person, userId }, check }, within, span);
      }
    }
  }

  async #addToCart(userId: string, item: Line, within: Context, span: Span): Promise<Failure | undefined> {
    const failure = await this.#ask(productPage(item.productId), within, span);
    if (failure !== undefined) return failure;
    const path = "/api/cart";
    const check = isCart(userId, item.productId);
    return this.#ask({ method: "POST", path, template: path, body: { item, userId }, check }, within, span);
  }

  /** A client span around a piece of work, as the OpenTelemetry Demo has it; what failed is marked. */
  async #spanned(
    name: string,
    attributes: Attributes,
    parent: Context,
    work: (within: Context, span: Span) => Promise<Failure | undefined>,
  ): Promise<Failure | undefined> {
    const span = this.#of.telemetry.tracer.startSpan(name, { kind: SpanKind.CLIENT }, parent);
    if (span.isRecording()) {
      span.setAttributes({
        [attribute.sessionId]: this.#sessionId,
        [attribute.demoSyntheticRequest]: "true",
        ...attributes,
      });
    }
    const failure = await work(trace.setSpan(parent, span), span);
    if (failure !== undefined && span.isRecording()) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: failure.detail });
      span.setAttribute(attribute.errorType, errorType(failure));
    }
    span.end();
    return failure;
  }

  async #ask(asked: Asked, within: Context, span: Span): Promise<Failure | undefined> {
    const { client, statistics, instruments } = this.#of;
    const { method, path, template, body, check } = asked;
    const headers: Record<string, string> = {
      baggage: `synthetic_request=true,session.id=${this.#sessionId}`,
      "user-agent": userAgent,
    };
    propagation.inject(within, headers);
    const begun = performance.now();
    const intendedAt = this.#intendedAt ?? begun;
    this.#intendedAt = undefined;
    let failure: Failure | undefined;
    let status: number | undefined;
    try {
      const answer = await client.send({ method, path, headers, body });
      status = answer.status;
      failure = check(answer);
    } catch (error) {
      if (!(error instanceof UnansweredError)) throw error;
      failure = error.failure;
    }
    const ended = performance.now();
    const name = `${method} ${template}`;
    statistics.request({ name, ms: ended - intendedAt, serviceMs: ended - begun, failure });
    const type = failure === undefined ? undefined : errorType(failure);
    const outcome = instruments.outcomes.of(method, template, status, type);
    instruments.duration.record((ended - begun) / 1_000, outcome, within);
    if (span.isRecording()) span.setAttributes(outcome);
    if (failure !== undefined) {
      instruments.failedChecks.add(1, outcome);
      context.with(within, () => this.#of.onFailure?.(failure, name));
    }
    return failure;
  }
}

const userAgent = "orrery-load-generator";
const home = get("/", isPage);

function get(template: string, check: Check, query = ""): Asked {
  return { method: "GET", path: template + query, template, check };
}

function productPage(productId: string): Asked {
  return {
    method: "GET",
    path: `/api/products/${productId}`,
    template: "/api/products/{productId}",
    check: isProduct(productId),
  };
}

function attributesOf(task: Task): Attributes {
  if ("productId" in task) return { [attribute.demoProductId]: task.productId };
  if (task.name === "addToCart") {
    const { productId, quantity } = task.line;
    return { [attribute.demoProductId]: productId, [attribute.demoProductQuantity]: quantity };
  }
  if ("lines" in task) return { [attribute.demoCartItemsCount]: task.lines.length };
  if (task.name === "getAds" && task.category !== undefined) return { [attribute.demoAdCategory]: task.category };
  return {};
}

/** The status of an answer that is a failure by it, else what kind of failure it is. */
export function errorType({ kind, detail }: Failure): string {
  return kind === "status" || kind === "declined" ? detail.slice(0, 3) : kind;
}

const taskAttributeSets = new Map<string, Attributes>();

function taskAttributes(name: string): Attributes {
  let attributes = taskAttributeSets.get(name);
  if (attributes === undefined) {
    attributes = Object.freeze({ [attribute.demoLoadTask]: name });
    taskAttributeSets.set(name, attributes);
  }
  return attributes;
}
