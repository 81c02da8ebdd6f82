import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { FlagService } from "../../gen/orrery/flags/v1/flags_pb.ts";
import { api } from "../customer.ts";
import { eventually } from "../eventually.ts";
import { type NativeMesh, startNativeMesh } from "./native-mesh.ts";

let mesh: NativeMesh;
beforeAll(async () => {
  mesh = await startNativeMesh({ engines: ["envoy"], restarts: false });
}, 180_000);
afterAll(() => mesh?.remove());

const broken = "/api/products/OLJCESPC7Z";

// A machine that stands still for two seconds does so once.
it("a flag that is set on /feature/ is seen by its service in less than two seconds, and so is its end", {
  timeout: 60_000,
  retry: 2,
}, async () => {
  const { url } = mesh.stack;
  const page = await fetch(`${url}/feature/`);
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  const flags = createClient(FlagService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
  onTestFinished(() => flags.clearFlags({}).then(() => {}));
  await eventually(async () => expect((await api(url, broken)).status).toBe(200), 20_000);
  const ending = new AbortController();
  const watched = flags.watch({}, { signal: ending.signal })[Symbol.asyncIterator]();
  expect((await watched.next()).value?.flags?.flags.length).toBeGreaterThan(10);

  await flags.setFlag({ key: "productCatalogFailure", variant: "on" });
  await eventually(async () => expect((await api(url, broken)).status).toBe(500), 2_000);
  expect((await watched.next()).value?.activities[0]).toMatchObject({ key: "productCatalogFailure", to: "on" });
  await flags.clearFlags({});
  await eventually(async () => expect((await api(url, broken)).status).toBe(200), 2_000);
  ending.abort();
  await watched.return?.().catch(() => {});
});

it("the REST calls of the OpenTelemetry Demo are answered through Envoy", async () => {
  const { url } = mesh.stack;
  const read = await fetch(`${url}/feature/api/read`);
  const data = (await read.json()) as { readonly flags: Readonly<Record<string, unknown>> };
  expect(Object.keys(data.flags)).toContain("paymentFailure");
  const written = await fetch(`${url}/feature/api/write`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ data }),
  });
  expect([written.status, await written.text()]).toEqual([200, "{}"]);
});
