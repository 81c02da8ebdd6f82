import { context, type ObservableResult, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { attribute, metric } from "../../../gen/telemetry/registry.ts";
import type { Database } from "../sql/database.ts";
import { isQuery, type Query } from "../sql/query.ts";
import { AttributeSets } from "./attribute-sets.ts";
import { databaseDuration } from "./database-duration.ts";
import type { Telemetry } from "./telemetry.ts";

// Database conventions: https://opentelemetry.io/docs/specs/semconv/db/postgresql/

interface Statement {
  readonly text: string;
  readonly operation: string;
  readonly summary: string;
}

/** The same template is the same array, so each statement is read once. */
const statements = new WeakMap<readonly string[], Statement>();

/**
 * The same database, with a span around each statement that runs as part of a trace, and `db.client.operation.duration`
 * for all, and how many wait for a connection. Statements of loops that look for work start no traces: they would drown the others.
 *
 * @param namespace `database|schema`
 */
export function tracedDatabase(database: Database, namespace: string, telemetry: Telemetry): Database {
  const { sql } = database;
  const { tracer, meter, isUnsampled } = telemetry;
  const duration = databaseDuration(meter);
  /** Statements and transactions that have a connection of the pool, or wait for one. */
  let wanting = 0;
  const { dbClientConnectionPendingRequests } = metric;
  const pending = meter.createObservableUpDownCounter(
    dbClientConnectionPendingRequests.name,
    dbClientConnectionPendingRequests,
  );
  const observePending = (result: ObservableResult) =>
    result.observe(Math.max(0, wanting - sql.options.max), { [attribute.dbClientConnectionPoolName]: namespace });
  pending.addCallback(observePending);

  const outcomes = new WeakMap<Statement, AttributeSets<[failure: string | undefined]>>();
  const outcomesOf = (statement: Statement) => {
    let sets = outcomes.get(statement);
    if (sets === undefined) {
      const attributes = {
        "db.system.name": "postgresql",
        "db.namespace": namespace,
        "db.operation.name": statement.operation,
        "db.query.summary": statement.summary,
      };
      sets = new AttributeSets((failure) => ({
        ...attributes,
        ...(failure === undefined ? {} : { "error.type": failure }),
      }));
      outcomes.set(statement, sets);
    }
    return sets;
  };

  function observe(query: Query, isPooled: boolean): void {
    const handle = query.handle;
    query.handle = function observed(this: Query) {
      if (this.executed) return handle.call(this);
      const statement = statementOf(this.strings);
      const sets = outcomesOf(statement);
      const active = context.active();
      const span =
        trace.getSpan(active) === undefined || isUnsampled(active)
          ? undefined
          : tracer.startSpan(
              statement.summary,
              { kind: SpanKind.CLIENT, attributes: { ...sets.of(undefined), "db.query.text": statement.text } },
              active,
            );
      const begun = performance.now();
      if (isPooled) wanting++;
      const finish = (failure: string | undefined) => {
        if (isPooled) wanting--;
        if (failure !== undefined) {
          span?.setAttribute("error.type", failure);
          span?.setStatus({ code: SpanStatusCode.ERROR });
        }
        span?.end();
        duration.record((performance.now() - begun) / 1_000, sets.of(failure), active);
      };
      const { resolve, reject } = this;
      this.resolve = (value) => {
        finish(undefined);
        resolve(value);
      };
      this.reject = (error) => {
        finish(errorType(error));
        reject(error);
      };
      return handle.call(this);
    };
  }

  /** @param isPooled whether each statement has a connection of the pool to itself */
  function wrap<T extends object>(target: T, isPooled: boolean): T {
    return new Proxy(target, {
      apply(callable, self, args) {
        const made = Reflect.apply(callable as never, self, args) as unknown;
        if (isQuery(made)) observe(made, isPooled);
        return made;
      },
      get(object, name, receiver) {
        const value = Reflect.get(object, name, receiver) as unknown;
        if (name === "begin" || name === "savepoint") {
          return (...args: unknown[]) => {
            const work = args.at(-1) as (tx: object) => unknown;
            const begin = value as (...all: unknown[]) => Promise<unknown>;
            if (isPooled) wanting++;
            return begin(...args.slice(0, -1), (tx: object) => work(wrap(tx, false))).finally(() => {
              if (isPooled) wanting--;
            });
          };
        }
        if (name === "reserve") return async () => wrap((await (value as () => Promise<object>)()) as object, false);
        return value;
      },
    });
  }

  return {
    ...database,
    sql: wrap(sql, true),
    close() {
      pending.removeCallback(observePending);
      return database.close();
    },
  };
}

function statementOf(strings: readonly string[]): Statement {
  let statement = statements.get(strings);
  if (statement === undefined) {
    const text = strings.reduce((all, part, index) => (index === 0 ? part : `${all}$${index}${part}`), "");
    const flat = text.replace(/\s+/g, " ").trim();
    const operation = (/^\w+/.exec(flat)?.[0] ?? "").toUpperCase();
    const target = /\b(?:from|into|update|join|table)\s+"?([a-z_][\w.]*)"?/i.exec(flat)?.[1];
    statement = { text: flat, operation, summary: target === undefined ? operation : `${operation} ${target}` };
    statements.set(strings, statement);
  }
  return statement;
}

function errorType(error: unknown): string {
  if (error instanceof Error) return "code" in error && typeof error.code === "string" ? error.code : error.name;
  return "unknown";
}
