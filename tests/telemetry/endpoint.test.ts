import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";

let receiver: OrreryProcess;
let url = "";
const ports = { grpc: 0, http: 0 };

beforeAll(async () => {
  ports.grpc = await freePort();
  ports.http = await freePort();
  receiver = new OrreryProcess(["up", "--no-load", "--port", "0", "--ephemeral", "--otlp"], {
    OTLP_GRPC_PORT: String(ports.grpc),
    OTLP_HTTP_PORT: String(ports.http),
    OTEL_TRACES_SAMPLER: "always_off",
  });
  [, url = ""] = await receiver.says(/(http:\/\/localhost:\d+)/);
});
afterAll(async () => {
  await receiver?.terminate();
});

it.each([
  ["gRPC", "grpc" as const, "grpc"],
  ["HTTP", "http" as const, "http/protobuf"],
])("an endpoint gets spans, records and metrics with their exemplars over %s", async (name, kind, protocol) => {
  const port = await freePort();
  const quote = new OrreryProcess(["serve", "quote"], {
    QUOTE_PORT: String(port),
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${ports[kind]}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_METRIC_EXPORT_INTERVAL: "300",
    OTEL_RESOURCE_ATTRIBUTES: `sent.over=${name}`,
  });
  onTestFinished(() => quote.kill());
  await eventually(async () => {
    const asked = await fetch(`http://127.0.0.1:${port}/getquote`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ numberOfItems: 3 }),
    });
    expect(asked.status).toBe(200);
  }, 20_000);

  const observatory = createClient(ObservatoryService, createGrpcTransport({ baseUrl: url }));
  const ids = `select resource_id from resources where service = 'quote' and attributes like '%"sent.over":"${name}"%'`;
  await eventually(async () => {
    const { rows } = await observatory.runQuery({
      sql: `select (select count(*) from spans where resource_id in (${ids})) > 0 as spans,
        (select count(*) from logs where event_name = 'shipping.quote.sent' and resource_id in (${ids})) > 0 as logs,
        (select count(*) from metric_exemplars join metric_series using (series_id)
         join spans using (trace_id, span_id)
         where metric_series.name = 'rpc.server.call.duration' and metric_series.resource_id in (${ids})) > 0 as exemplars`,
    });
    expect(rows[0]?.values.map(({ kind }) => kind.value)).toEqual([true, true, true]);
  }, 20_000);
});
