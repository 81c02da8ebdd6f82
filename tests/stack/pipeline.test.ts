import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { services } from "../../src/services/index.ts";
import { collector, extrasSetting, presets, presetsSetting } from "../../src/stack/engines/collector.ts";
import { engineHome, enginesFolder } from "../../src/stack/engines/installation.ts";
import type { RunningEngine } from "../../src/stack/engines/running-engine.ts";
import { api, Customer, flashlight, telescope } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { startTestEngine } from "./native-engine.ts";
import { type NativeMesh, startNativeMesh } from "./native-mesh.ts";
import {
  calledBy,
  edge,
  type JaegerTrace,
  missingFromOrder,
  newTrace,
  orderServices,
  readersOf,
  traceIn,
} from "./order-trace.ts";

let mesh: NativeMesh;

const program = (name: string) => mesh.stack.program(name);
const urlOf = (name: string) => `http://${mesh.stack.addressOf(name)}`;
const observatoryUrl = () => urlOf("observatory");

/** Where the backends are, for a Collector. */
function backends(): Readonly<Record<string, string>> {
  return {
    JAEGER_OTLP_ADDR: `127.0.0.1:${program("jaeger").ports.otlp}`,
    LOKI_ADDR: program("loki").address,
    PROMETHEUS_ADDR: program("prometheus").address,
    OBSERVATORY_ADDR: program("observatory").address,
  };
}

beforeAll(async () => {
  mesh = await startNativeMesh({
    engines: ["envoy", "kafka", "valkey", "collector", "jaeger", "loki", "prometheus"],
    environment: {
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      // What services say of their start waits for a Collector that starts beside them, be the machine ever so busy.
      OTEL_EXPORTER_OTLP_TIMEOUT: "25000",
      // Without a customer the load generator calls nobody.
      LOAD_GENERATOR_VUS: "1",
    },
    settings: {
      collector: {
        [presetsSetting]: "observatory,stores,checks,queue",
        COLLECTOR_FLUSH_INTERVAL: "1s",
        COLLECTOR_SELF_INTERVAL_MS: "1000",
        QUEUE_MAX_RETRY_INTERVAL: "1s",
      },
    },
    restarts: false,
  });
  await eventually(async () => {
    expect(await api(mesh.stack.url, "/api/shipping?currencyCode=EUR&itemList=[]")).toMatchObject({ status: 200 });
    expect(await api(mesh.stack.url, "/api/orders?sessionId=nobody")).toMatchObject({ status: 200 });
  }, 60_000);
});
afterAll(() => mesh?.remove());

/** Looks at everything in the shop once, and buys. */
async function buys(traceparent: string): Promise<string> {
  const customer = new Customer(mesh.stack.url);
  await customer.puts(flashlight);
  const answer = await api(mesh.stack.url, "/api/checkout", { body: customer.order(), headers: { traceparent } });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.orderId;
}

const jaegerUrl = () => urlOf("jaeger");

function servicesOf(trace: JaegerTrace | undefined): readonly string[] {
  return Object.values(trace?.processes ?? {}).map(({ serviceName }) => serviceName);
}

/** Loki's records for a query, newest first: the line and its labels, structured metadata among them. */
async function records(
  query: string,
): Promise<{ readonly line: string; readonly labels: Readonly<Record<string, string>> }[]> {
  const { status, body } = await api(
    urlOf("loki"),
    `/loki/api/v1/query_range?${new URLSearchParams({ query, limit: "1000" })}`,
  );
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.result.flatMap(
    ({ stream, values }: { stream: Record<string, string>; values: [string, string][] }) =>
      values.map(([, line]) => ({ line, labels: stream })),
  );
}

/** What Prometheus has for an expression: labels, and the value. */
async function series(
  query: string,
): Promise<{ readonly metric: Readonly<Record<string, string>>; readonly value: number }[]> {
  const { status, body } = await api(urlOf("prometheus"), `/api/v1/query?${new URLSearchParams({ query })}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.result.map(({ metric, value }: { metric: Record<string, string>; value: [number, string] }) => ({
    metric,
    value: Number(value[1]),
  }));
}

describe("the configuration", () => {
  /** Has the Collector check what it would be started with. */
  async function validate(settings: Readonly<Record<string, string>>) {
    const dataDir = await mkdtemp(join(tmpdir(), "orrery-collector-"));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const home = await engineHome(collector, enginesFolder(process.env));
    const place = { home, dataDir, ports: collector.ports, settings };
    return { dataDir, place, check: () => collector.prepare(place) };
  }

  it("is valid by itself, with each preset, with any two and with all", async () => {
    const pairs = presets.flatMap((one, index) => presets.slice(index + 1).map((other) => [one, other]));
    const combinations = [[], ...presets.map((one) => [one]), ...pairs, presets];
    for (const names of combinations) {
      const { check } = await validate({
        [presetsSetting]: names.join(","),
        ...(names.includes("backend") ? { ORRERY_BACKEND_ENDPOINT: "https://otlp.example.com" } : {}),
      });
      await check();
    }
  });

  it.each([
    ["service:\n  pipelines:\n    traces: [", /extras\.yaml is not YAML: .* at line 3, column \d+/],
    ["exporters:\n  otlp_grpc/mine:\n    endpont: x", /"otlp_grpc\/mine".*invalid keys: endpont/s],
    [
      "service:\n  pipelines:\n    logs:\n      exporters: [otlp_grpc/mine]",
      /pipelines::logs: references exporter "otlp_grpc\/mine"/,
    ],
  ])("refuses what is wrong in extras.yaml and names the place: %j", async (text, complaint) => {
    const { dataDir, place } = await validate({});
    const extras = join(dataDir, "extras.yaml");
    await writeFile(extras, text);
    await expect(collector.prepare({ ...place, settings: { [extrasSetting]: extras } })).rejects.toThrow(complaint);
  });

  it("knows its presets by name", async () => {
    const { check } = await validate({ [presetsSetting]: "stores,sampling" });
    await expect(check()).rejects.toThrow(/no preset "sampling" \(COLLECTOR_PRESETS\); there are observatory, stores/);
  });
});

describe("an order", () => {
  const trace = newTrace();
  let orderId = "";
  beforeAll(async () => {
    await api(mesh.stack.url, `/api/products/${telescope}?currencyCode=EUR`);
    await api(mesh.stack.url, `/api/recommendations?productIds=${telescope}&sessionId=s&currencyCode=EUR`);
    await api(mesh.stack.url, "/api/data?contextKeys=telescopes");
    await api(mesh.stack.url, "/api/currency");
    await api(mesh.stack.url, "/images/products/SolarFilter.jpg");
    orderId = await buys(trace.traceparent);
  });

  it("is one trace in Jaeger, from the front proxy to both consumers and the e-mail", async () => {
    await eventually(async () => {
      const found = await traceIn(jaegerUrl(), trace.id);
      expect([...new Set(servicesOf(found))].toSorted()).toEqual(orderServices);
      expect(missingFromOrder(found, trace)).toEqual([]);
    }, 30_000);
  });

  it("is the same trace in the Observatory of the mesh", async () => {
    await eventually(async () => {
      const ids = (found: JaegerTrace | undefined) => found?.spans.map(({ spanID }) => spanID).toSorted();
      const kept = ids(await traceIn(jaegerUrl(), trace.id));
      expect(kept?.length).toBeGreaterThan(20);
      expect(ids(await traceIn(observatoryUrl(), trace.id))).toEqual(kept);
    }, 30_000);
  });

  it("leaves records in Loki that its trace id finds", async () => {
    await eventually(async () => {
      const found = await records(`{service_namespace="opentelemetry-demo"} | trace_id="${trace.id}"`);
      const named = new Set(found.map(({ labels }) => labels.service_name));
      for (const name of ["frontend-proxy", "checkout", "payment", "accounting", "email"])
        expect(named).toContain(name);
      const placed = found.find(
        ({ labels }) => labels.service_name === "checkout" && JSON.stringify(labels).includes(orderId),
      );
      expect(placed?.labels.span_id).toMatch(/^[0-9a-f]{16}$/);
      const access = found.find(({ labels }) => labels.service_name === "frontend-proxy");
      expect(access?.labels.severity_text).toBe("INFO");
      expect(access?.labels.detected_level).toBe("info");
    }, 30_000);
  });

  it("counts in Prometheus, by the services and by their spans, and is what a count is shown by", async () => {
    await eventually(async () => {
      for (const query of [
        'sum(demo_order_placed_total{service_name="checkout"})',
        'sum(rpc_server_call_duration_seconds_count{service_name="payment",service_criticality="critical"})',
        'sum(traces_span_metrics_calls_total{service_name="checkout",span_kind="SPAN_KIND_SERVER"})',
        'sum(traces_span_metrics_duration_milliseconds_count{service_name="accounting"})',
      ]) {
        const [found] = await series(query);
        expect(found?.value ?? 0, query).toBeGreaterThanOrEqual(1);
      }
    }, 30_000);
    const query = 'traces_span_metrics_duration_milliseconds_bucket{service_name="checkout"}';
    await eventually(async () => {
      const { body } = await api(
        urlOf("prometheus"),
        `/api/v1/query_exemplars?${new URLSearchParams({ query, start: "0", end: String(Date.now() / 1_000 + 60) })}`,
      );
      const labels = body.data.flatMap(({ exemplars }: { exemplars: { labels: Record<string, string> }[] }) =>
        exemplars.map((exemplar) => exemplar.labels),
      );
      expect(labels).toContainEqual(expect.objectContaining({ trace_id: trace.id }));
    }, 30_000);
  });
});

describe("every service", () => {
  // Those that watch the shop leave no spans: they would watch themselves watching.
  const traced = services.filter(({ isUntraced }) => !isUntraced);

  it("has spans in Jaeger, but for those that watch", async () => {
    const names = traced.map(({ name }) => name).toSorted();
    await eventually(async () => {
      const { body } = await api(jaegerUrl(), "/jaeger/ui/api/services");
      expect(body.data.toSorted()).toEqual(names);
    }, 30_000);
  });

  it("has metrics in Prometheus: of its own, and of its spans", async () => {
    const counted = async (names: string) => {
      const found = await series(`count by (service_name) ({service_namespace="opentelemetry-demo",${names}})`);
      return found.map(({ metric }) => metric.service_name);
    };
    await eventually(async () => {
      const ofSpans = await counted('__name__=~"traces_span_metrics_.*"');
      const own = await counted('__name__!~"traces_span_metrics_.*|target_info"');
      expect(services.filter(({ name }) => !own.includes(name)).map(({ name }) => name)).toEqual([]);
      for (const { name, isUntraced } of services) expect(ofSpans.includes(name), name).toBe(!isUntraced);
    }, 30_000);
  });

  it("has records in Loki", async () => {
    await eventually(async () => {
      const counts = 'sum by (service_name) (count_over_time({service_namespace="opentelemetry-demo"}[1h]))';
      const { status, body } = await api(urlOf("loki"), `/loki/api/v1/query?${new URLSearchParams({ query: counts })}`);
      expect(status, JSON.stringify(body)).toBe(200);
      const named = body.data.result.map(({ metric }: { metric: Record<string, string> }) => metric.service_name);
      expect(services.filter(({ name }) => !named.includes(name)).map(({ name }) => name)).toEqual([]);
    }, 30_000);
  });

  it("has each declared edge in Jaeger's dependencies", async () => {
    const declared = traced.flatMap((service) =>
      [...calledBy(service), ...readersOf(service)].map((to) => edge(service.name, to)),
    );
    await eventually(async () => {
      const { body } = await api(jaegerUrl(), `/jaeger/ui/api/dependencies?endTs=${Date.now()}&lookback=3600000`);
      const seen = body.data.map(({ parent, child }: { parent: string; child: string }) => edge(parent, child));
      expect(declared.filter((each) => !seen.includes(each))).toEqual([]);
    }, 20_000);
  });

  it("has each declared edge in the service graph of Prometheus, to its store, too", async () => {
    const calls = traced.flatMap((service) => calledBy(service).map((to) => edge(service.name, to)));
    await eventually(async () => {
      const found = await series("sum by (client, server, connection_type) (traces_service_graph_request_total)");
      const edgeOf = ({ metric: { client = "", server = "" } }: (typeof found)[number]) => edge(client, server);
      const seen = found.map(edgeOf);
      expect(calls.filter((each) => !seen.includes(each))).toEqual([]);
      // The connector pairs a message with one of those who read it.
      const read = found.filter(({ metric }) => metric.connection_type === "messaging_system").map(edgeOf);
      for (const service of traced.filter(({ publishes = [] }) => publishes.length > 0)) {
        const readings = readersOf(service).map((reader) => edge(service.name, reader));
        expect(readings.filter((each) => read.includes(each))).not.toEqual([]);
      }
      for (const { name, schema } of traced) {
        if (schema === undefined) continue;
        // Carts are in Valkey here, which is no database with a name.
        expect(seen, name).toContain(edge(name, name === "cart" ? "redis" : `astronomy_db|${schema}`));
      }
    }, 30_000);
  });
});

describe("what the Collector measures itself", () => {
  it("is there of Kafka, PostgreSQL, Valkey, the machine, every service and itself", async () => {
    await eventually(async () => {
      for (const query of [
        'kafka_consumer_group_lag_ratio{group="accounting",topic="orders",service_name="kafka"}',
        'postgresql_backends{service_name="postgresql"}',
        'redis_clients_connected{service_name="valkey-cart"}',
        "system_memory_utilization_ratio",
        'target_info{job="opentelemetry-demo/jaeger"}',
        'otelcol_receiver_accepted_spans_total{service_name="otelcol-contrib"}',
        'otelcol_exporter_queue_capacity{exporter="otlp_grpc/jaeger"}',
      ]) {
        expect(await series(query), query).not.toEqual([]);
      }
      const up = await series('httpcheck_status{http_status_class="2xx"} == 1');
      const asked = up.map(({ metric }) => metric.http_url);
      for (const { name, isUntraced, isOptional } of services) {
        if (isUntraced || isOptional || name === "frontend-proxy") continue;
        expect(asked, name).toContain(`${urlOf(name)}/grpc.health.v1.Health/Check`);
      }
      // Told only as long as it fails; a service that has just started did.
      const failed = "httpcheck_validation_failed and time() - timestamp(httpcheck_validation_failed) < 15";
      expect(await series(failed)).toEqual([]);
    }, 40_000);
  });

  it("has what the alerts on it read", async () => {
    const rules = await readFile(new URL("../../otel/prometheus/rules/platform.yml", import.meta.url), "utf8");
    const read = new Set(rules.match(/\b(?:otelcol|system)_\w+/g));
    expect(read.size).toBeGreaterThan(5);
    for (const name of read) {
      // Counters that come into being with what they count: see the full queue below.
      if (!name.includes("enqueue_failed")) expect(await series(name), name).not.toEqual([]);
    }
  });
});

/** OTLP in JSON: one trace of one span, and records. */
async function sends(
  url: string,
  span: {
    readonly traceId?: string;
    readonly service?: string;
    readonly criticality?: string;
    readonly attributes?: Readonly<Record<string, string>>;
    readonly isError?: boolean;
    readonly ms?: number;
    readonly body?: string;
    readonly traceState?: string;
  },
): Promise<string> {
  const {
    traceState = "",
    traceId = randomBytes(16).toString("hex"),
    service = "stranger",
    criticality = "low",
    ms = 1,
    isError,
  } = span;
  const attributesOf = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const resource = {
    attributes: attributesOf({ "service.name": service, "service.criticality": criticality }),
  };
  const attributes = attributesOf(span.attributes ?? {});
  const end = BigInt(Date.now()) * 1_000_000n;
  const one = {
    traceId,
    spanId: randomBytes(8).toString("hex"),
    name: "synthetic",
    kind: 2,
    traceState,
    startTimeUnixNano: String(end - BigInt(ms) * 1_000_000n),
    endTimeUnixNano: String(end),
    attributes,
    status: isError ? { code: 2 } : {},
  };
  const post = async (path: string, body: unknown) => expect((await api(url, path, { body })).status).toBe(200);
  await post("/v1/traces", { resourceSpans: [{ resource, scopeSpans: [{ spans: [one] }] }] });
  if (span.body !== undefined) {
    const record = {
      timeUnixNano: String(end),
      traceId,
      severityNumber: 9,
      body: { stringValue: span.body },
      attributes,
    };
    await post("/v1/logs", { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] });
  }
  return traceId;
}

describe("a Collector with presets", () => {
  const httpUrl = ({ ports }: RunningEngine) => `http://127.0.0.1:${ports.http}`;
  async function startPreset(names: string, more: Readonly<Record<string, string>> = {}) {
    const engine = await startTestEngine(collector, { ...backends(), [presetsSetting]: names, ...more });
    onTestFinished(() => engine.remove());
    return httpUrl(engine.engine);
  }

  it("keeps cards, codes and addresses of people from every backend, and still tells people apart", async () => {
    const url = await startPreset("redaction,observatory", { REDACTION_KEY: "a key" });
    const secrets = {
      plain: "4111111111111111",
      grouped: "5500 0000 0000 0004",
      dashed: "charge of 4432-8015-6152-0454 refused",
      amex: "378282246310005",
      "demo.payment.card_cvv": "672",
      "exception.message": "no mailbox jane.doe+shop@mail.example.com here",
      "user.email": "jane.doe@example.com",
      // The shop's own, on the span of a written confirmation.
      "demo.redaction.example": "user@example.com",
      untouched: "order 8d2b1c9e-4a0f-4f6e-9b7a-111122223333 of 2026-11-21T06:00:00.000Z, 41111111111111112222",
    };
    const body = "card 4111 1111 1111 1111 of jane.doe@example.com";
    const id = await sends(url, { attributes: secrets, body });
    const again = await sends(url, { attributes: { "user.email": secrets["user.email"] } });
    const tagsOf = async (backend: string, traceId: string) => {
      const found = await eventually(async () => {
        const trace = await traceIn(backend, traceId);
        expect(trace).toBeDefined();
        return trace;
      }, 20_000);
      return Object.fromEntries(found?.spans[0]?.tags.map(({ key, value }) => [key, value]) ?? []);
    };
    const tags = await tagsOf(jaegerUrl(), id);
    expect(tags).toMatchObject({
      plain: "****",
      grouped: "****",
      dashed: "charge of **** refused",
      amex: "****",
      "demo.payment.card_cvv": "****",
      "exception.message": "no mailbox **** here",
      untouched: secrets.untouched,
      "user.hash": expect.stringMatching(/^[0-9a-f]{64}$/),
      "demo.redaction.example": expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(tags).not.toHaveProperty("user.email");
    expect((await tagsOf(jaegerUrl(), again))["user.hash"]).toBe(tags["user.hash"]);
    expect(JSON.stringify(await tagsOf(observatoryUrl(), id))).not.toMatch(/jane|4111111111111111"/);
    await eventually(async () => {
      const [record, ...others] = await records(`{service_name="stranger"} | trace_id="${id}"`);
      expect(others).toEqual([]);
      expect(record?.line).toBe("card **** of ****");
      expect(JSON.stringify(record)).not.toContain("jane");
      expect(record?.labels.user_hash).toBe(tags["user.hash"]);
    }, 20_000);
  });

  it("keeps traces that failed, were slow or critical, of others a share, and measures them all", async () => {
    const url = await startPreset("tail-sampling", {
      SAMPLING_DECISION_WAIT: "1s",
      SAMPLING_PERCENT: "0",
      SAMPLING_PERCENT_HIGH: "100",
      COLLECTOR_FLUSH_INTERVAL: "1s",
    });
    const service = `sampled-${randomBytes(4).toString("hex")}`;
    const dropped = [
      await sends(url, { service }),
      await sends(url, { service, criticality: "medium", ms: 900 }),
      // The fronts are part of every trace.
      await sends(url, { service: "frontend-sampled", criticality: "critical" }),
    ];
    const kept = [
      await sends(url, { service, isError: true }),
      await sends(url, { service, ms: 1_500 }),
      await sends(url, { service, criticality: "critical" }),
      await sends(url, { service, criticality: "high" }),
    ];
    await eventually(async () => {
      for (const id of kept) expect(await traceIn(jaegerUrl(), id)).toBeDefined();
    }, 20_000);
    for (const id of dropped) expect(await traceIn(jaegerUrl(), id)).toBeUndefined();
    await eventually(async () => {
      const [counted] = await series(`sum(traces_span_metrics_calls_total{service_name="${service}"})`);
      expect(counted?.value).toBe(6);
    }, 20_000);
  });

  it("tells where its span metrics count one trace for several", async () => {
    const url = await startPreset("redaction", { COLLECTOR_FLUSH_INTERVAL: "1s" });
    const service = `thinned-${randomBytes(4).toString("hex")}`;
    for (const traceState of ["ot=th:c", "ot=rv:00000000000000;th:8", "ot=th:0", "vendor=th:c", ""]) {
      await sends(url, { service, traceState });
    }
    const counted = async (thinned: string) =>
      (
        await series(`sum(traces_span_metrics_calls_total{service_name="${service}",demo_trace_thinned="${thinned}"})`)
      )[0]?.value;
    await eventually(async () => {
      expect(await counted("true")).toBe(2);
      expect(await counted("")).toBe(3);
    }, 20_000);
  });

  it("sends to one more backend when two variables name it", async () => {
    const taken = new Map<string, string | undefined>();
    const server = createServer((request, response) => {
      taken.set(request.url ?? "", request.headers.authorization);
      request.resume().once("end", () => response.writeHead(200, { "content-type": "application/x-protobuf" }).end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("A TCP server has a port");
    const url = await startPreset("", {
      ORRERY_BACKEND_ENDPOINT: `http://127.0.0.1:${address.port}`,
      ORRERY_BACKEND_HEADERS: "authorization: Bearer some-token",
    });
    await sends(url, { body: "hello" });
    await eventually(() => {
      expect(Object.fromEntries(taken)).toMatchObject({
        "/v1/traces": "Bearer some-token",
        "/v1/logs": "Bearer some-token",
        "/v1/metrics": "Bearer some-token",
      });
    }, 20_000);
  });

  it("goes on when the queue of a backend is full, and sends nothing to the others twice", async () => {
    const folder = await mkdtemp(join(tmpdir(), "orrery-extras-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const extras = join(folder, "extras.yaml");
    await writeFile(
      extras,
      "exporters:\n  otlp_grpc/jaeger: &full\n    sending_queue:\n      queue_size: 1\n  otlp_http/loki: *full\n",
    );
    const url = await startPreset("observatory", {
      JAEGER_OTLP_ADDR: `127.0.0.1:${await freePort()}`,
      LOKI_ADDR: `127.0.0.1:${await freePort()}`,
      COLLECTOR_FLUSH_INTERVAL: "1s",
      COLLECTOR_SELF_INTERVAL_MS: "1000",
      [extrasSetting]: extras,
    });
    const service = `waiting-${randomBytes(4).toString("hex")}`;
    const sent: string[] = [];
    // One at a time, so that each is a batch of its own.
    for (let count = 1; count <= 4; count++) {
      const id = await sends(url, { service, body: "waits" });
      sent.push(id);
      await eventually(async () => {
        expect((await traceIn(observatoryUrl(), id))?.spans).toHaveLength(1);
      });
    }
    await eventually(async () => {
      const [counted] = await series(`sum(traces_span_metrics_calls_total{service_name="${service}"})`);
      expect(counted?.value).toBe(4);
      // What the alert collector-dropping looks at.
      const [spans] = await series('sum(otelcol_exporter_enqueue_failed_spans_total{exporter="otlp_grpc/jaeger"})');
      expect(spans?.value).toBe(3);
      const [lines] = await series('sum(otelcol_exporter_enqueue_failed_log_records_total{exporter="otlp_http/loki"})');
      expect(lines?.value).toBeGreaterThan(0);
    }, 20_000);
    for (const id of sent) expect((await traceIn(observatoryUrl(), id))?.spans).toHaveLength(1);
  });

  it("lets pages of this machine send from a browser, and no others", async () => {
    const preflight = (origin: string) =>
      fetch(`${httpUrl(program("collector"))}/v1/traces`, {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "baggage,content-type,traceparent",
        },
      });
    const allowed = await preflight("http://localhost:8080");
    expect(allowed.headers.get("access-control-allow-origin")).toBe("http://localhost:8080");
    expect(allowed.headers.get("access-control-allow-headers")).toContain("traceparent");
    expect((await preflight("https://elsewhere.example")).headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("while Jaeger is away", () => {
  it("orders are placed and everything else goes on; what it has missed arrives when it is back", async () => {
    await program("jaeger").stop();
    const trace = newTrace();
    await buys(trace.traceparent);
    await eventually(async () => {
      expect(servicesOf(await traceIn(observatoryUrl(), trace.id))).toContain("accounting");
      expect(await records(`{service_name="checkout"} | trace_id="${trace.id}"`)).not.toEqual([]);
      const [waiting] = await series('otelcol_exporter_queue_size{exporter="otlp_grpc/jaeger"}');
      expect(waiting?.value).toBeGreaterThan(0);
    }, 30_000);
    // A Collector that starts anew finds what waited.
    await program("collector").stop();
    await program("collector").start();
    await program("jaeger").start();
    await eventually(async () => {
      const kept = (await traceIn(jaegerUrl(), trace.id))?.spans.length;
      expect(kept).toBe((await traceIn(observatoryUrl(), trace.id))?.spans.length);
    }, 30_000);
  });
});
