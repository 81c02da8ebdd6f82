import { Type } from "typebox";
import Value from "typebox/value";
import { ConfigError } from "../platform/config/environment.ts";
import { foreignPage } from "../platform/http/foreign-page.ts";
import { type Problem, problemOf, sendProblem, titleOf } from "../platform/http/problem.ts";
import { readBody } from "../platform/http/read-body.ts";
import type { Logger } from "../platform/logging/logger.ts";
import { platformErrors } from "../platform/rpc/errors.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../platform/rpc/rpc-handler.ts";
import { controlPage } from "./control-page.ts";
import { limits } from "./limits.ts";
import type { LoadControl, LoadSettings } from "./load-control.ts";
import { locustStatistics } from "./locust.ts";
import { durationRange } from "./quantities.ts";

const maxBodyBytes = 10_000;
const exact = { additionalProperties: false } as const;

const settings = {
  users: Type.Optional(Type.Integer({ minimum: 0, maximum: limits.users })),
  browserUsers: Type.Optional(Type.Integer({ minimum: 0, maximum: limits.browserUsers })),
  ratePerSecond: Type.Optional(Type.Number({ minimum: 0, maximum: limits.ratePerSecond })),
  thinkTime: Type.Optional(Type.String({ maxLength: 40 })),
};
const Settings = Type.Object(settings, exact);
const Start = Type.Object(
  {
    ...settings,
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: limits.seed })),
    durationSeconds: Type.Optional(Type.Number({ minimum: 0.1, maximum: limits.durationMs / 1_000 })),
  },
  exact,
);
const Swarm = Type.Object({
  user_count: Type.Optional(Type.Integer({ minimum: 0, maximum: limits.users })),
  spawn_rate: Type.Optional(Type.Number({ minimum: 0.001, maximum: limits.users })),
});

/** A request that cannot be done, as the problem that it is answered with. */
class Refusal extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

interface ControlOptions {
  readonly control: LoadControl;
  readonly log: Logger;
  /** Whether web pages of another origin may change the load. */
  readonly isAllowedOrigin: (origin: string) => boolean;
}

interface Action {
  /** Whether it does something, so that not every web page may ask for it. */
  readonly acts: boolean;
  readonly answer: (body: string, control: LoadControl) => unknown;
}

const after =
  (work: (body: string, control: LoadControl) => Promise<void> | void): Action["answer"] =>
  async (body, control) => {
    await work(body, control);
    return control.status;
  };

/** By method and path. */
const actions: Readonly<Record<string, Action>> = {
  "GET /api/v1/status": { acts: false, answer: (_, { status }) => status },
  "GET /api/v1/stats": { acts: false, answer: (_, { generator }) => generator.snapshot() },
  "POST /api/v1/start": {
    acts: true,
    answer: after(async (body, control) => {
      const { durationSeconds, seed, ...changes } = checked(Start, json(body));
      if (seed !== undefined) control.generator.seed = seed;
      await control.start(
        settingsOf(changes),
        durationSeconds === undefined ? {} : { durationMs: durationSeconds * 1_000 },
      );
    }),
  },
  "POST /api/v1/stop": { acts: true, answer: after((_, control) => control.stop()) },
  "POST /api/v1/reset": { acts: true, answer: after((_, { generator }) => generator.reset()) },
  "PATCH /api/v1/settings": {
    acts: true,
    answer: after((body, control) => control.change(settingsOf(checked(Settings, json(body))))),
  },
  // Locust's, for programs that know how to talk to that.
  "POST /swarm": {
    acts: true,
    answer: async (body, control) => {
      const fields = Object.fromEntries(
        [...new URLSearchParams(body)]
          .filter(([name]) => name in Swarm.properties)
          .map(([name, value]) => [name, value.trim() === "" ? value : Number(value)]),
      );
      const { user_count: users, spawn_rate: spawnRate } = checked(Swarm, fields);
      await control.start(users === undefined ? {} : { users }, spawnRate === undefined ? {} : { spawnRate });
      return { success: true, message: "Swarming started", host: control.generator.target.href };
    },
  },
  "GET /stop": {
    acts: true,
    answer: async (_, control) => {
      await control.stop();
      return { success: true, message: "Test stopped" };
    },
  },
  "GET /stats/requests": { acts: false, answer: (_, control) => locustStatistics(control) },
  "GET /stats/reset": {
    acts: true,
    answer: (_, { generator }) => {
      generator.reset();
      return "ok";
    },
  },
};

/** The load generator's control API, Locust's calls, and a page for people. */
export function controlHttp({ control, log, isAllowedOrigin }: ControlOptions): HttpHandler {
  async function answer(request: HttpRequest, response: HttpResponse): Promise<void> {
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    if (path === "/" && method === "GET") {
      const page = controlPage(control);
      send(response, { type: "text/html; charset=utf-8", body: page.html, csp: page.contentSecurityPolicy });
      return;
    }
    // First of all, for an answer that does not wait for the body costs the connection, which the front proxy keeps.
    const sent = await readBody(request, maxBodyBytes);
    const action = actions[`${method} ${path}`];
    if (action === undefined) throw new Refusal(missing(method, path, response));
    if (action.acts) refuseOthers(request, isAllowedOrigin);
    const body = await action.answer(sent, control);
    send(response, { type: "application/json", body: JSON.stringify(body) });
  }
  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const problem = problemFor(error);
      if (problem.status >= 500) log.error({ error }, "Could not answer a request");
      sendProblem(response, problem);
    });
  };
}

function problemFor(error: unknown): Problem {
  if (error instanceof Refusal) return error.problem;
  if (!(error instanceof ConfigError)) return problemOf(error);
  return { status: 503, title: titleOf(503), detail: error.message, reason: "NO_BROWSER" };
}

function send(response: HttpResponse, answer: { readonly type: string; readonly body: string; readonly csp?: string }) {
  response.setHeader("content-type", answer.type);
  response.setHeader("cache-control", "no-store");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("content-security-policy", answer.csp ?? "default-src 'none'; frame-ancestors 'none'");
  response.setHeader("content-length", Buffer.byteLength(answer.body));
  response.end(answer.body);
}

function missing(method: string, path: string, response: HttpResponse): Problem {
  const methods = Object.keys(actions).flatMap((key) => (key.endsWith(` ${path}`) ? [key.split(" ", 1)[0] ?? ""] : []));
  if (methods.length === 0) {
    return { status: 404, title: titleOf(404), detail: `There is nothing at ${path}.`, reason: "NOT_FOUND" };
  }
  response.setHeader("allow", methods.join(", "));
  const detail = `${path} takes ${methods.join(", ")}, not ${method}.`;
  return { status: 405, title: titleOf(405), detail, reason: "METHOD_NOT_ALLOWED" };
}

/** Pages of other origins could otherwise load a shop by the browser of somebody who looks at them. */
function refuseOthers({ headers }: HttpRequest, isAllowedOrigin: (origin: string) => boolean): void {
  const foreign = foreignPage(headers, isAllowedOrigin);
  if (foreign === undefined) return;
  throw new Refusal({
    status: 403,
    title: titleOf(403),
    detail: `Pages of ${foreign} may not change the load; ALLOWED_ORIGINS names those that may.`,
    reason: "ORIGIN_NOT_ALLOWED",
  });
}

function json(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(invalid("The body is not JSON."));
  }
}

function invalid(detail: string, errors?: Problem["errors"]): Problem {
  const { reason } = platformErrors.INVALID_REQUEST;
  return { status: 400, title: titleOf(400), detail, reason, ...(errors === undefined ? {} : { errors }) };
}

function checked<const S extends Type.TSchema>(schema: S, body: unknown): Type.Static<S> {
  if (Value.Check(schema, body)) return body;
  const errors = Value.Errors(schema, body)
    .filter(({ keyword }) => keyword !== "boolean")
    .map(({ instancePath, message, params }) => {
      const { additionalProperties: [unknown] = [] } = params as { additionalProperties?: readonly string[] };
      const field = instancePath.replaceAll("/", ".").replace(/^\./, "");
      return unknown === undefined ? { field, message } : { field: unknown, message: "is not known" };
    });
  const detail = errors.map(({ field, message }) => `${field === "" ? "The body" : field} ${message}`).join("; ");
  throw new Refusal(invalid(`${detail}.`, errors));
}

function settingsOf({ thinkTime, ...others }: Type.Static<typeof Settings>): Partial<LoadSettings> {
  if (thinkTime === undefined) return others;
  const range = durationRange(thinkTime);
  if (range !== undefined && range.highMs <= 3_600_000) return { ...others, thinkTime: range };
  const message = "takes a time or a range of times such as 0, 500ms or 1s..10s, at most 1h";
  throw new Refusal(invalid(`thinkTime ${message}.`, [{ field: "thinkTime", message }]));
}
