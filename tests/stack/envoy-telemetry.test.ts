import { randomBytes } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { CartService } from "../../gen/oteldemo/cart_pb.ts";
import { event, eventAttributes } from "../../gen/telemetry/registry.ts";
import { frontendProxy } from "../../src/edge/service.ts";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { services } from "../../src/services/index.ts";
import { api, Customer, flashlight } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { freePorts } from "../free-ports.ts";
import { Mesh } from "../mesh.ts";
import { OrreryProcess } from "../orrery-process.ts";
import { remoteClient } from "../remote-client.ts";
import { startProxy, type TestProxy } from "./envoy-proxy.ts";

let backend: OrreryProcess;
let mesh: Mesh;
let proxy: TestProxy;
/** Where OTLP is taken. */
let collector = "";
/** A trace whose first span is the test's. */
const trace = { id: randomBytes(16).toString("hex"), span: randomBytes(8).toString("hex") };
const traceparent = `00-${trace.id}-${trace.span}-01`;

beforeAll(async () => {
  const [otlpGrpc, otlpHttp, observatory] = await Promise.all([freePort(), freePort(), freePort()]);
  collector = `127.0.0.1:${otlpGrpc}`;
  // A shop of its own, of which only the Observatory is wanted.
  backend = new OrreryProcess(["up", "--no-load", "--ephemeral", "--otlp", "--service-ports", "--port", "0"], {
    ...freePorts,
    OBSERVATORY_PORT: String(observatory),
    OTLP_GRPC_PORT: String(otlpGrpc),
    OTLP_HTTP_PORT: String(otlpHttp),
  });
  await backend.says(/Ctrl-C stops it/, 60_000);
  mesh = await Mesh.open();
  const exports = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${collector}`,
    OTEL_METRIC_EXPORT_INTERVAL: "1000",
  };
  const web = ["frontend", "image-provider"];
  mesh.serve(web, exports);
  mesh.serve(
    services
      .map(({ name }) => name)
      .filter((name) => ![...web, "frontend-proxy", "load-generator", "observatory"].includes(name)),
    exports,
  );
  proxy = await startProxy({
    ...Object.fromEntries(frontendProxy.calls.map((name) => [name, new URL(mesh.urlOf(name)).host])),
    observatory: `127.0.0.1:${observatory}`,
    "otel-collector": collector,
    "otel-collector-http": `127.0.0.1:${otlpHttp}`,
  });
  await eventually(async () => {
    expect(await api(proxy.url, "/api/shipping?currencyCode=EUR&itemList=[]")).toMatchObject({ status: 200 });
    expect(await api(proxy.url, "/api/orders?sessionId=nobody")).toMatchObject({ status: 200 });
  }, 60_000);
  const customer = new Customer(proxy.url);
  await customer.puts(flashlight);
  const headers = { traceparent };
  expect((await api(proxy.url, "/api/checkout", { body: customer.order(), headers })).status).toBe(200);
  await remoteClient(proxy.url, CartService).getCart({ userId: "u" }, { headers });
  await api(proxy.url, "/images/products/SolarFilter.jpg?token=secret", { headers });
});
afterAll(async () => {
  await proxy?.remove();
  await mesh?.close();
  await backend?.kill();
});

/** Rows of text, from the Observatory behind the proxy. */
async function ask(sql: string): Promise<string[][]> {
  const client = createClient(ObservatoryService, createGrpcTransport({ baseUrl: proxy.url }));
  const { rows } = await client.runQuery({ sql, maxRows: 1_000 });
  return rows.map(({ values }) => values.map(({ kind }) => String(kind.value)));
}

interface SpanRow {
  readonly id: string;
  readonly parent: string;
  readonly service: string;
  readonly name: string;
  readonly kind: string;
}

async function spans(): Promise<SpanRow[]> {
  const rows = await ask(
    `select span_id, parent_span_id, service, name, kind from spans where trace_id = '${trace.id}' order by start_time`,
  );
  return rows.map(([id = "", parent = "", service = "", name = "", kind = ""]) => ({
    id,
    parent,
    service,
    name,
    kind,
  }));
}

async function records(): Promise<
  { readonly span: string; readonly severity: string; readonly attributes: Attributes }[]
> {
  const rows = await ask(
    `select span_id, severity, attributes from logs
     where trace_id = '${trace.id}' and event_name = '${event.proxyAccess}' and service = 'frontend-proxy'`,
  );
  return rows.map(([span = "", severity = "", attributes = "{}"]) => ({
    span,
    severity,
    attributes: JSON.parse(attributes) as Attributes,
  }));
}
type Attributes = Readonly<Record<string, unknown>>;

describe("a request through Envoy", () => {
  it("is one trace with the services, in which every span has its parent", async () => {
    await eventually(async () => {
      const all = await spans();
      const named = new Set(all.map(({ service }) => service));
      for (const name of ["frontend-proxy", "frontend", "checkout", "payment", "cart", "accounting", "email"]) {
        expect(named).toContain(name);
      }
      const known = new Set([trace.span, ...all.map(({ id }) => id)]);
      expect(all.filter(({ parent }) => !known.has(parent))).toEqual([]);
    }, 30_000);
    const all = await spans();
    const entered = all.find(({ parent, name }) => parent === trace.span && name === "POST /api/checkout");
    expect(entered).toMatchObject({ service: "frontend-proxy", kind: "server" });
    const passedOn = all.find(({ service, parent }) => service === "frontend-proxy" && parent === entered?.id);
    expect(passedOn).toMatchObject({ name: "POST frontend", kind: "client" });
    expect(all.find(({ parent }) => parent === passedOn?.id)).toMatchObject({ service: "frontend", kind: "server" });
    const names = all.filter(({ service }) => service === "frontend-proxy").map(({ name }) => name);
    expect(names).toContain("POST /oteldemo.CartService/GetCart");
    expect(names).toContain("GET /images/*");
    const ofProxy = `select attributes from spans where trace_id = '${trace.id}' and service = 'frontend-proxy'`;
    const attributes = (await ask(ofProxy)).flat().map((one) => JSON.parse(one) as Attributes);
    expect(attributes).toContainEqual(
      expect.objectContaining({
        "http.route": "/api/checkout",
        "http.request.method": "POST",
        "http.response.status_code": "200",
        "url.path": "/api/checkout",
      }),
    );
    expect(JSON.stringify(attributes)).not.toContain("secret");
  });

  it("leaves a record with route, severity and trace, and no query", async () => {
    await eventually(async () => {
      const routes = (await records()).map(({ attributes }) => attributes["http.route"]);
      expect(routes.sort()).toEqual(["/api/checkout", "/images/*", "/oteldemo.CartService/GetCart"]);
    }, 20_000);
    const all = await spans();
    for (const { span, severity, attributes } of await records()) {
      expect(severity).toBe("INFO");
      expect(all.find(({ id }) => id === span)?.service).toBe("frontend-proxy");
      const declared = ["event.name", ...(eventAttributes[event.proxyAccess] ?? [])];
      expect(Object.keys(attributes).filter((key) => !declared.includes(key))).toEqual([]);
      expect(JSON.stringify(attributes)).not.toContain("secret");
    }
    const picture = (await records()).find(({ attributes }) => attributes["http.route"] === "/images/*");
    expect(picture?.attributes).toMatchObject({
      "http.request.method": "GET",
      "http.response.status_code": "200",
      "url.path": "/images/products/SolarFilter.jpg",
      "server.address": "image-provider",
      "upstream.host": new URL(mesh.urlOf("image-provider")).host,
    });
  });

  it("says who the proxy is in all signals", async () => {
    await eventually(async () => {
      const rows = await ask("select attributes from resources where service = 'frontend-proxy'");
      const proxies = rows.map(([attributes = "{}"]) => JSON.parse(attributes) as Attributes);
      // The backend's own shop has an embedded front proxy, which has an instance id.
      const envoys = proxies.filter((attributes) => attributes["service.instance.id"] === undefined);
      expect(envoys).not.toEqual([]);
      for (const attributes of envoys) {
        expect(attributes).toMatchObject({
          "service.namespace": "opentelemetry-demo",
          "service.criticality": "critical",
          "service.version": expect.stringMatching(/^\d/),
        });
      }
    });
  });

  it("counts in the proxy's statistics", async () => {
    await eventually(async () => {
      const rows = await ask(
        "select distinct name, attributes from metric_series where service = 'frontend-proxy' and name like 'envoy.%'",
      );
      const names = rows.map(([name]) => name);
      expect(names).toContain("envoy.http.downstream_rq_xx");
      expect(names).toContain("envoy.cluster.upstream_rq_time");
      const clusters = rows.map(
        ([, attributes = "{}"]) => (JSON.parse(attributes) as Attributes)["envoy.cluster_name"],
      );
      expect(clusters).toContain("frontend");
    }, 30_000);
  });

  it("that only watches leaves nothing", async () => {
    const span = randomBytes(8).toString("hex");
    const watched = randomBytes(16).toString("hex");
    const headers = { traceparent: `00-${watched}-${span}-01` };
    for (const path of ["/observatory/", "/observatory/traces", "/jaeger/ui/api/services"]) {
      await api(proxy.url, path, { headers });
    }
    // What a browser sends of itself, in the same trace; once it has arrived, the others would have.
    const now = `${BigInt(Date.now()) * 1_000_000n}`;
    const fromBrowser = {
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "frontend-web" } }] },
          scopeSpans: [
            {
              spans: [{ traceId: watched, spanId: span, name: "click", startTimeUnixNano: now, endTimeUnixNano: now }],
            },
          ],
        },
      ],
    };
    expect((await api(proxy.url, "/otlp-http/v1/traces", { body: fromBrowser, headers })).status).toBe(200);
    const last = randomBytes(16).toString("hex");
    await api(proxy.url, "/api/currency", { headers: { traceparent: `00-${last}-${span}-01` } });
    await eventually(async () => {
      for (const table of ["spans", "logs"]) {
        const found = await ask(
          `select service from ${table} where trace_id = '${last}' and service = 'frontend-proxy'`,
        );
        expect(found.length).toBeGreaterThan(0);
      }
    }, 20_000);
    expect(await ask(`select service from spans where trace_id = '${watched}'`)).toEqual([["frontend-web"]]);
    expect(await ask(`select service from logs where trace_id = '${watched}'`)).toEqual([]);
  });

  it("that fails for want of a service leaves an error", async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const failing = await startProxy({
      frontend: nobody,
      cart: nobody,
      "otel-collector": collector,
    });
    try {
      const failed = randomBytes(16).toString("hex");
      const headers = { traceparent: `00-${failed}-${trace.span}-01` };
      expect((await api(failing.url, "/api/products", { headers })).status).toBe(503);
      await eventually(async () => {
        const rows = await ask(`select severity, attributes from logs where trace_id = '${failed}'`);
        expect(rows.map(([severity]) => severity)).toEqual(["ERROR"]);
        expect(JSON.parse(rows[0]?.[1] ?? "{}")).toMatchObject({ "envoy.response_flags": expect.stringMatching(/UF/) });
        const failures = await ask(`select kind, name from spans where trace_id = '${failed}' and is_error`);
        expect(failures).toEqual([["server", "GET /api/products"]]);
      }, 20_000);
      // Over HTTP a call of gRPC is a success even so.
      const call = randomBytes(16).toString("hex");
      const options = { headers: { traceparent: `00-${call}-${trace.span}-01` } };
      await remoteClient(failing.url, CartService)
        .getCart({ userId: "u" }, options)
        .catch(() => {});
      await eventually(async () => {
        const rows = await ask(`select severity from logs where trace_id = '${call}'`);
        expect(rows).toEqual([["ERROR"]]);
      }, 20_000);
    } finally {
      await failing.remove();
    }
  });
});
