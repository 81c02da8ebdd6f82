import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { route } from "./service-routes.ts";
import { serveForTest, type TestServices } from "./testing.ts";

let served: TestServices;
beforeAll(async () => {
  served = await serveForTest([route(AdService, { getAds: () => ({ ads: [{ text: "x" }] }) })]);
});
afterAll(() => served.port.drain(0));

const path = "/oteldemo.AdService/GetAds";
const preflight = (origin: string, headers: string) =>
  fetch(served.origin + path, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": headers },
  });

describe.each([
  ["Connect", "connect-protocol-version,connect-timeout-ms,content-type,idempotency-key,traceparent,baggage"],
  ["gRPC-Web", "content-type,grpc-timeout,x-grpc-web,x-user-agent,idempotency-key,traceparent,baggage"],
])("a page that speaks %s", (_, headers) => {
  test("of an allowed origin may call with all its headers", async () => {
    const response = await preflight("https://shop.example", headers);
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect(response.headers.get("access-control-allow-methods")?.split(", ")).toContain("POST");
    const allowed = response.headers.get("access-control-allow-headers")?.toLowerCase().split(", ");
    for (const header of headers.split(",")) expect(allowed).toContain(header);
    expect(response.headers.get("vary")).toBe("Origin");
  });

  test("of another origin is allowed nothing", async () => {
    for (const origin of ["https://evil.example", "null", "https://shop.example.evil.example"]) {
      const response = await preflight(origin, headers);
      expect([...response.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
  });
});

test("the answer itself names the origin and what the page may read", async () => {
  const call = (origin: string) =>
    fetch(served.origin + path, {
      method: "POST",
      headers: { origin, "content-type": "application/json" },
      body: "{}",
    });
  const allowed = await call("https://shop.example");
  expect(allowed.headers.get("access-control-allow-origin")).toBe("https://shop.example");
  const exposed = allowed.headers.get("access-control-expose-headers")?.toLowerCase();
  for (const header of ["grpc-status", "grpc-message", "grpc-status-details-bin"]) expect(exposed).toContain(header);
  expect((await call("https://evil.example")).headers.has("access-control-allow-origin")).toBe(false);
});

test.each([
  ["Connect", createConnectTransport],
  ["Connect by GET", (options: { baseUrl: string }) => createConnectTransport({ ...options, useHttpGet: true })],
  ["gRPC-Web", createGrpcWebTransport],
])("a browser's client gets its answer by %s", async (_, createTransport) => {
  const { ads } = await createClient(AdService, createTransport({ baseUrl: served.origin })).getAds({});
  expect(ads).toMatchObject([{ text: "x" }]);
});
