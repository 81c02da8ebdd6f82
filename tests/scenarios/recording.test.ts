import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Ask, asking } from "../../src/observatory/store/questions/asking.ts";
import { readTruth } from "../../src/scenarios/check-answer.ts";
import { scoreAnswer } from "../../src/scenarios/score.ts";
import { type RecordedScenario, recordScenario } from "./recorded-scenario.ts";

let folder: string;
let scenario: RecordedScenario;
let ask: Ask;
let instance: DuckDBInstance;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orrery-recording-"));
  scenario = await recordScenario(folder);
  instance = await DuckDBInstance.create(":memory:");
  ask = asking(await instance.connect());
}, 180_000);
afterAll(async () => {
  instance.closeSync();
  await rm(folder, { recursive: true });
});

const text = (path: string) => readFile(join(folder, path), "utf8");
const json = async (path: string) => JSON.parse(await text(path));
const from = (path: string) => {
  const file = `'${join(folder, path)}'`;
  if (path.endsWith(".parquet")) return `read_parquet(${file})`;
  return `read_csv(${file}, header = true, delim = '${path.endsWith(".tsv") ? "\t" : ","}', sample_size = -1)`;
};
async function columns(path: string): Promise<Record<string, string>> {
  const rows = await ask<{ column_name: string; column_type: string }>(`describe from ${from(path)}`);
  return Object.fromEntries(rows.map(({ column_name, column_type }) => [column_name, column_type]));
}
async function one<T>(sql: string): Promise<T> {
  const [row] = await ask<T>(sql);
  if (row === undefined) throw new Error(`${sql} gives no row`);
  return row;
}
const ms = (name: "baselineStart" | "injectedAt" | "revertedAt" | "endedAt") =>
  scenario.run.times[name]?.getTime() ?? 0;
const seconds = (name: Parameters<typeof ms>[0]) => Math.floor(ms(name) / 1_000);

describe("a recording", () => {
  it("has the sum of every file but that of the sums", async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
    const sums = new Map(
      (await text("SHA256SUMS"))
        .trimEnd()
        .split("\n")
        .map((line) => line.split("  ").reverse() as [string, string]),
    );
    expect([...sums.keys()]).toEqual(files.filter((file) => file !== "SHA256SUMS").sort());
    for (const [file, sum] of sums) {
      expect(
        createHash("sha256")
          .update(await readFile(join(folder, file)))
          .digest("hex"),
        file,
      ).toBe(sum);
    }
  });

  it("has the manifest as it was written, and its truth with the times of the run", async () => {
    const truth = await json("truth.json");
    expect(parse(await text("manifest.yaml"))).toEqual(scenario.run.manifest);
    expect(truth).toMatchObject({
      version: 1,
      scenario: "payment-unreachable",
      times: { injectedAt: scenario.run.times.injectedAt?.toISOString() },
      rootCauses: [{ entity: "checkout", category: "unreachable", flag: "paymentUnreachable", variant: "on" }],
      coverage: { isWhole: true, dropped: [], sampled: { spans: 0 }, problems: [] },
    });
    for (const { table, rows, lost } of truth.coverage.tables) {
      expect(lost, table).toBe(0);
      // Starts were before; nothing was deployed or configured meanwhile.
      if (table !== "marks") expect(rows, table).toBeGreaterThan(0);
    }
    expect(await text("COVERAGE.md")).toContain("Nothing that the shop sent.");
    const { injectedAt: time } = truth.rootCauses[0];
    const answer = { rootCauses: [{ entity: "checkout", reason: "address of payment does not resolve", time }] };
    expect(scoreAnswer(readTruth(JSON.stringify(truth), "truth.json"), answer).isSolved).toBe(true);
  });

  it("has every order that customers tried to place, before the fault and with it", async () => {
    const { tried, failed } = await one<{ tried: bigint; failed: bigint }>(
      `select count(*) as tried, count(*) filter (where is_error) as failed from ${from("orrery/spans.parquet")}
       where service = 'checkout' and kind = 'server'`,
    );
    const { placed, failed: refused } = scenario.orders;
    expect(Number(tried)).toBe(placed + refused);
    expect(Number(failed)).toBe(refused);
    expect(refused).toBeGreaterThan(0);
  });

  it.each([
    [
      "orrery/spans.parquet",
      "start_time",
      { start_time: "TIMESTAMP_NS", duration_ns: "BIGINT", phase: "VARCHAR", service: "VARCHAR" },
    ],
    ["orrery/logs.parquet", "time", { time: "TIMESTAMP_NS", body: "VARCHAR", severity_number: "UTINYINT" }],
    [
      "orrery/metrics.parquet",
      "time",
      { time: "TIMESTAMP_NS", name: "VARCHAR", value: "DOUBLE", rate: "DOUBLE", count: "UBIGINT" },
    ],
    ["orrery/exemplars.parquet", "time", { time: "TIMESTAMP_NS", trace_id: "VARCHAR", value: "DOUBLE" }],
  ])("has %s in order, within the run", async (path, time, types) => {
    expect(await columns(path)).toMatchObject(types);
    const bounds = await one<{ first: bigint; last: bigint; rows: bigint; ordered: boolean }>(
      `select epoch_ms(min(t))::bigint as first, epoch_ms(max(t))::bigint as last, count(*) as rows,
         bool_and(before is null or t >= before) as ordered
       from (select ${time} as t, lag(${time}) over () as before from ${from(path)})`,
    );
    expect(Number(bounds.rows)).toBeGreaterThan(0);
    expect(bounds.ordered).toBe(true);
    expect(Number(bounds.first)).toBeGreaterThanOrEqual(ms("baselineStart"));
    expect(Number(bounds.last)).toBeLessThan(ms("endedAt"));
  });

  it("has the phases as the times say", async () => {
    const rows = await ask<{ phase: string; first: bigint; last: bigint }>(
      `select phase, epoch_ms(min(start_time))::bigint as first, epoch_ms(max(start_time))::bigint as last
       from ${from("orrery/spans.parquet")} group by phase order by first`,
    );
    expect(rows.map(({ phase }) => phase)).toEqual(["normal", "abnormal", "recovery"]);
    expect(Number(rows[0]?.last)).toBeLessThan(ms("injectedAt"));
    expect(Number(rows[1]?.first)).toBeGreaterThanOrEqual(ms("injectedAt"));
    expect(Number(rows[1]?.last)).toBeLessThan(ms("revertedAt"));
  });

  it("has in its topology what is declared and what was seen, by phase", async () => {
    const { nodes, edges } = await json("orrery/topology.json");
    expect(nodes).toContainEqual({ name: "checkout", criticality: "critical" });
    const between = (source: string, target: string) =>
      edges.find((edge: { from: string; to: string }) => edge.from === source && edge.to === target);
    expect(between("checkout", "payment")).toMatchObject({ isDeclared: true });
    const seen: [string, { calls: number; errors: number }][] = Object.entries(between("frontend", "checkout").seen);
    expect(seen.length).toBeGreaterThan(0);
    for (const [phase, { calls, errors }] of seen) {
      expect(["normal", "abnormal", "recovery", "between"]).toContain(phase);
      expect(calls).toBeGreaterThan(0);
      if (phase === "normal") expect(errors).toBe(0);
      if (phase === "abnormal") expect(errors).toBe(calls);
    }
  });
});

describe("RCAEval's layout", () => {
  const place = "rcaeval/RE-Orrery/checkout_paymentUnreachable/1";

  it("has a row a second and a column for each service and metric", async () => {
    expect(Number(await text(`${place}/inject_time.txt`))).toBe(seconds("injectedAt"));
    const { time, ...metrics } = await columns(`${place}/metrics.parquet`);
    expect(time).toBe("BIGINT");
    for (const [name, type] of Object.entries(metrics)) {
      expect(name).toMatch(/^[a-z-]+_[a-z0-9-]+$/);
      expect(type, name).toBe("DOUBLE");
    }
    expect(Object.keys(metrics)).toEqual(
      expect.arrayContaining([
        "checkout_error",
        "checkout_latency-50",
        "checkout_latency-90",
        "checkout_load",
        "orrery_cpu",
        "orrery_mem",
      ]),
    );
    const rows = await ask<{ time: bigint }>(`select time from ${from(`${place}/metrics.parquet`)}`);
    const [first, last] = [seconds("baselineStart") + 1, seconds("revertedAt")];
    expect(rows.map((row) => Number(row.time))).toEqual(
      Array.from({ length: last - first }, (_, index) => first + index),
    );
    expect(await text(`${place}/data.csv`)).toBe(await text(`${place}/simple_metrics.csv`));
  });

  it("shows the fault where it is, and nothing before it", async () => {
    const { before, after, load } = await one<{ before: number; after: number; load: number }>(
      `select sum(checkout_error) filter (where time < ${seconds("injectedAt")}) as before,
         sum(checkout_error) filter (where time >= ${seconds("injectedAt")}) as after, sum(checkout_load) as load
       from ${from(`${place}/data.csv`)}`,
    );
    expect(before).toBe(0);
    expect(after).toBeGreaterThan(0);
    expect(load).toBeGreaterThan(after);
  });

  it("has traces in microseconds and logs in nanoseconds", async () => {
    expect(Object.keys(await columns(`${place}/traces.csv`))).toEqual([
      "traceID",
      "spanID",
      "parentSpanID",
      "serviceName",
      "methodName",
      "operationName",
      "startTime",
      "duration",
      "statusCode",
    ]);
    const bounds = await one<{ first: bigint; last: bigint; orphans: bigint }>(
      `with spans as (from ${from(`${place}/traces.csv`)})
       select min("startTime") as first, max("startTime") as last,
         count(*) filter (where "parentSpanID" is not null and "parentSpanID" not in (select "spanID" from spans)) as orphans from spans`,
    );
    expect(Number(bounds.first)).toBeGreaterThanOrEqual(ms("baselineStart") * 1_000);
    expect(Number(bounds.last)).toBeLessThan(ms("revertedAt") * 1_000);
    expect(bounds.orphans).toBe(0n);
    expect(Object.keys(await columns(`${place}/logs.csv`))).toEqual([
      "timestamp",
      "container_name",
      "message",
      "level",
    ]);
    const logs = await one<{ first: bigint; last: bigint }>(
      `select min(timestamp) as first, max(timestamp) as last from ${from(`${place}/logs.csv`)}`,
    );
    expect(Number(logs.first)).toBeGreaterThanOrEqual(ms("baselineStart") * 1e6);
    expect(Number(logs.last)).toBeLessThan(ms("revertedAt") * 1e6);
  });
});

describe("OpenRCA's layout", () => {
  const place = "openrca/dataset/Orrery";

  it("has the failure by its clock, and scoring points as its evaluator looks for them", async () => {
    const [record] = await ask<Record<string, unknown>>(
      `select *, datetime::varchar as local from ${from(`${place}/record.csv`)}`,
    );
    const local = new Date(ms("injectedAt") + 8 * 3_600_000).toISOString().slice(0, 19).replace("T", " ");
    expect(record).toMatchObject({
      level: "service",
      component: "checkout",
      reason: "address of payment does not resolve",
      local,
    });
    expect(Number(record?.timestamp)).toBe(seconds("injectedAt"));
    const queries = await ask<{ task_index: string; scoring_points: string }>(`from ${from(`${place}/query.csv`)}`);
    expect(queries.map(({ task_index }) => task_index)).toEqual([1, 2, 3, 4, 5, 6, 7].map((task) => `task_${task}`));
    const found = (pattern: RegExp) =>
      queries.map(({ scoring_points }) => [...scoring_points.matchAll(pattern)].map(([, value]) => value));
    // main/evaluate.py of OpenRCA.
    const components = found(/The (?:\d+-th|only) predicted root cause component is ([^\n]+)/g);
    const reasons = found(/The (?:\d+-th|only) predicted root cause reason is ([^\n]+)/g);
    const times = found(
      /The (?:\d+-th|only) root cause occurrence time is within 1 minutes \(i\.e\., <=1min\) of ([^\n]+)/g,
    );
    expect(components.map(({ length }) => length)).toEqual([0, 0, 1, 0, 1, 1, 1]);
    expect(reasons.map(({ length }) => length)).toEqual([0, 1, 0, 1, 0, 1, 1]);
    expect(times.map(({ length }) => length)).toEqual([1, 0, 0, 1, 1, 0, 1]);
    expect([components[6], reasons[6], times[6]]).toEqual([
      ["checkout"],
      ["address of payment does not resolve"],
      [local],
    ]);
  });

  it.each([
    ["metric/metric_container.csv", ["timestamp", "cmdb_id", "kpi_name", "value"], 1_000],
    ["metric/metric_mesh.csv", ["timestamp", "cmdb_id", "kpi_name", "value"], 1_000],
    ["metric/metric_runtime.csv", ["timestamp", "cmdb_id", "kpi_name", "value"], 1_000],
    ["metric/metric_service.csv", ["service", "timestamp", "rr", "sr", "mrt", "count"], 1_000],
    [
      "trace/trace_span.csv",
      [
        "timestamp",
        "cmdb_id",
        "span_id",
        "trace_id",
        "duration",
        "type",
        "status_code",
        "operation_name",
        "parent_span",
      ],
      1,
    ],
    ["log/log_service.csv", ["log_id", "timestamp", "cmdb_id", "log_name", "value"], 1_000],
    ["log/log_proxy.csv", ["log_id", "timestamp", "cmdb_id", "log_name", "value"], 1_000],
  ])("has telemetry/<day>/%s in order and in its unit", async (file, names, unitMs) => {
    const days = await readdir(join(folder, place, "telemetry"));
    expect(days).toContain(new Date(ms("injectedAt") + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll("-", "_"));
    let rows = 0;
    for (const day of days) {
      const path = `${place}/telemetry/${day}/${file}`;
      expect(Object.keys(await columns(path))).toEqual(names);
      const found = await ask<{ timestamp: bigint }>(`select timestamp from ${from(path)}`);
      const times = found.map(({ timestamp }) => Number(timestamp) * unitMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      for (const time of times) {
        // Rates are of ten seconds, told by their beginning.
        expect(time).toBeGreaterThan(ms("baselineStart") - 11_000);
        expect(time).toBeLessThan(ms("endedAt"));
      }
      rows += times.length;
    }
    expect(rows).toBeGreaterThan(0);
  });
});

describe("OpenRCA 2.0's layout", () => {
  const place = "openrca2/orrery-payment-unreachable";

  it.each([
    [
      "traces",
      {
        time: "TIMESTAMP WITH TIME ZONE",
        duration: "UBIGINT",
        service_name: "VARCHAR",
        "attr.http.response.status_code": "USMALLINT",
      },
    ],
    ["logs", { time: "TIMESTAMP WITH TIME ZONE", level: "VARCHAR", message: "VARCHAR", trace_id: "VARCHAR" }],
    [
      "metrics",
      { time: "TIMESTAMP WITH TIME ZONE", metric: "VARCHAR", value: "DOUBLE", "attr.k8s.pod.name": "VARCHAR" },
    ],
    ["metrics_sum", { time: "TIMESTAMP WITH TIME ZONE", metric: "VARCHAR", value: "DOUBLE" }],
    [
      "metrics_histogram",
      { time: "TIMESTAMP WITH TIME ZONE", count: "DOUBLE", sum: "DOUBLE", min: "DOUBLE", max: "DOUBLE" },
    ],
  ])("has %s before and after the injection apart", async (name, types) => {
    const bounds = async (phase: string) =>
      one<{ first: bigint; last: bigint; services: bigint }>(
        `select epoch_ms(min(time)) as first, epoch_ms(max(time)) as last, count(distinct service_name) as services
         from ${from(`${place}/${phase}_${name}.parquet`)}`,
      );
    expect(await columns(`${place}/normal_${name}.parquet`)).toMatchObject(types);
    expect(await columns(`${place}/abnormal_${name}.parquet`)).toMatchObject(types);
    const [normal, abnormal] = [await bounds("normal"), await bounds("abnormal")];
    expect(Number(normal.first)).toBeGreaterThanOrEqual(ms("baselineStart"));
    expect(Number(normal.last)).toBeLessThan(ms("injectedAt"));
    expect(Number(abnormal.first)).toBeGreaterThanOrEqual(ms("injectedAt"));
    expect(Number(abnormal.last)).toBeLessThan(ms("revertedAt"));
  });

  it("leads in its graph from the cause to what customers felt", async () => {
    const graph = await json(`${place}/causal_graph.json`);
    expect(graph.root_causes).toMatchObject([{ component: "service|checkout" }]);
    const alarms: string[] = graph.alarm_nodes.map(({ component }: { component: string }) => component);
    expect(alarms).toEqual(
      expect.arrayContaining([
        "span|checkout::oteldemo.CheckoutService/PlaceOrder",
        "span|frontend::POST /api/checkout",
      ]),
    );
    const reached = new Set(["service|checkout"]);
    for (const { source, target } of [...graph.edges, ...graph.edges]) if (reached.has(source)) reached.add(target);
    for (const alarm of alarms) expect(reached).toContain(alarm);
    const issues = await one<{ Issues: string; AbnormalSuccRate: number; NormalSuccRate: number }>(
      `select "Issues", "AbnormalSuccRate", "NormalSuccRate" from ${from(`${place}/conclusion.parquet`)}
       where "SpanName" = 'frontend::POST /api/checkout'`,
    );
    expect(issues).toMatchObject({ AbnormalSuccRate: 0, NormalSuccRate: 1 });
    expect(issues.Issues).toContain("error_rate");
  });

  it("has its times in order", async () => {
    const { NORMAL_START, NORMAL_END, ABNORMAL_START, ABNORMAL_END } = await json(`${place}/env.json`);
    expect([NORMAL_START, NORMAL_END, ABNORMAL_START, ABNORMAL_END].map(Number)).toEqual([
      seconds("baselineStart"),
      seconds("injectedAt"),
      seconds("injectedAt"),
      seconds("revertedAt"),
    ]);
    expect(await json(`${place}/injection.json`)).toMatchObject({
      start_time: scenario.run.times.injectedAt?.toISOString(),
      engine_config: [{ app: "checkout", chaos_type: "DNSError" }],
      ground_truth: [{ service: ["checkout"] }],
    });
  });
});

describe("ITBench's layout", () => {
  const place = "itbench/Scenario-3";

  it("has the truth with groups that everything in it refers to", async () => {
    const truth = parse(await text(`${place}/ground_truth.yaml`));
    const ids: string[] = truth.groups.map(({ id }: { id: string }) => id);
    const causes = truth.groups.filter((group: { root_cause?: boolean }) => group.root_cause);
    expect(causes).toMatchObject([{ id: "checkout-1", kind: "Service", filter: ["checkout\\b"] }]);
    for (const { source, target } of truth.propagations) expect(ids).toEqual(expect.arrayContaining([source, target]));
    for (const { group_id } of truth.alerts) expect(ids).toContain(group_id);
    expect(truth.fault).toMatchObject([{ category: "Change", entity: { kind: "Service", name: "checkout" } }]);
  });

  it("has its tables with OpenTelemetry's columns", async () => {
    expect(Object.keys(await columns(`${place}/otel_traces_raw.tsv`))).toEqual(
      expect.arrayContaining([
        "Timestamp",
        "TraceId",
        "SpanId",
        "ParentSpanId",
        "SpanName",
        "ServiceName",
        "Duration",
        "StatusCode",
      ]),
    );
    expect(Object.keys(await columns(`${place}/otel_logs_raw.tsv`))).toEqual(
      expect.arrayContaining(["Timestamp", "TraceId", "ServiceName", "SeverityText", "Body", "LogAttributes"]),
    );
    const lines = (await text(`${place}/otel_logs_raw.tsv`)).split("\n");
    expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z\t/);
    expect(Object.keys(await columns(`${place}/metrics/pod_checkout-0_raw.tsv`))).toEqual([
      "metric_name",
      "timestamp",
      "value",
      "pod_name",
      "namespace",
      "tags",
    ]);
    expect(Object.keys(await columns(`${place}/metrics/service_checkout_raw.tsv`))).toContain("service_name");
  });
});
