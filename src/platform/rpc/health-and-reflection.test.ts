import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../../gen/grpc/health/v1/health_pb.ts";
import {
  ServerReflectionRequestSchema,
  ServerReflection as V1,
} from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as V1Alpha } from "../../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { AdService } from "../../../gen/oteldemo/ad_pb.ts";
import { CheckoutService } from "../../../gen/oteldemo/checkout_pb.ts";
import { CurrencyService } from "../../../gen/oteldemo/currency_pb.ts";
import { route } from "./service-routes.ts";
import { everyTransport, serveForTest, type TestServices, until } from "./testing.ts";

let isReady = true;
let served: TestServices;
beforeAll(async () => {
  served = await serveForTest([route(AdService, { getAds: () => ({}) })], {
    contract: [AdService, CheckoutService, CurrencyService],
    health: {
      status(name) {
        if (name === "liveness") return true;
        return ["", "readiness", "oteldemo.AdService"].includes(name) ? isReady : undefined;
      },
    },
  });
});
afterAll(() => served.port.drain(0));

describe("health", () => {
  test.each([...everyTransport("http://unused").keys()])("is told over %s", async (name) => {
    const transport = everyTransport(served.origin).get(name) ?? expect.unreachable(name);
    const health = createClient(Health, transport);
    for (const service of ["", "readiness", "liveness", "oteldemo.AdService"]) {
      expect((await health.check({ service })).status).toBe(Status.SERVING);
    }
    isReady = false;
    expect((await health.check({})).status).toBe(Status.NOT_SERVING);
    expect((await health.check({ service: "oteldemo.AdService" })).status).toBe(Status.NOT_SERVING);
    expect((await health.check({ service: "liveness" })).status).toBe(Status.SERVING);
    isReady = true;
    const error = await health.check({ service: "nobody" }).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.NotFound, rawMessage: 'No service "nobody" is known here.' });
  });

  test("is watched: each change once, also of names that are not known", async () => {
    const health = createClient(Health, createGrpcTransport({ baseUrl: served.origin }));
    const end = new AbortController();
    const seen: Status[] = [];
    const unknown: Status[] = [];
    const watch = async (service: string, into: Status[]) => {
      for await (const { status } of health.watch({ service }, { signal: end.signal })) into.push(status);
    };
    const watching = Promise.allSettled([watch("", seen), watch("nobody", unknown)]);
    await until(() => seen.length === 1 && unknown.length === 1, "the first status");
    isReady = false;
    await until(() => seen.length === 2, "the change");
    isReady = true;
    await until(() => seen.length === 3, "the change back");
    end.abort();
    await watching;
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING, Status.SERVING]);
    expect(unknown).toEqual([Status.SERVICE_UNKNOWN]);
  });

  test("that is watched does not hold up a drain", async () => {
    const own = await serveForTest([], {});
    const health = createClient(Health, createGrpcTransport({ baseUrl: own.origin }));
    const seen: Status[] = [];
    const watching = (async () => {
      for await (const { status } of health.watch({})) seen.push(status);
    })().catch(() => {});
    await until(() => seen.length === 1, "the first status");
    const start = performance.now();
    await own.port.drain(20_000);
    expect(performance.now() - start).toBeLessThan(5_000);
    await watching;
  });
});

describe.each([
  ["v1", V1],
  ["v1alpha", V1Alpha],
] as const)("reflection %s", (_, service) => {
  async function ask(messageRequest: MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]) {
    const client = createClient(service as typeof V1, createGrpcTransport({ baseUrl: served.origin }));
    async function* requests() {
      yield create(ServerReflectionRequestSchema, { host: "h", ...(messageRequest && { messageRequest }) });
    }
    for await (const response of client.serverReflectionInfo(requests())) return response;
    return expect.unreachable("no answer");
  }
  const filesOf = (response: Awaited<ReturnType<typeof ask>>): FileDescriptorProto[] => {
    expect(response.messageResponse.case).toBe("fileDescriptorResponse");
    if (response.messageResponse.case !== "fileDescriptorResponse") return [];
    return response.messageResponse.value.fileDescriptorProto.map((bytes) =>
      fromBinary(FileDescriptorProtoSchema, bytes),
    );
  };

  test("lists the whole contract, and what every port speaks", async () => {
    const { messageResponse, originalRequest } = await ask({ case: "listServices", value: "" });
    expect(originalRequest?.host).toBe("h");
    const names = messageResponse.case === "listServicesResponse" ? messageResponse.value.service : [];
    expect(names.map(({ name }) => name).sort()).toEqual([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "oteldemo.AdService",
      "oteldemo.CheckoutService",
      "oteldemo.CurrencyService",
    ]);
  });

  test.each([
    ["oteldemo.CheckoutService", "oteldemo/checkout.proto"],
    ["oteldemo.CheckoutService.PlaceOrder", "oteldemo/checkout.proto"],
    ["oteldemo.Money", "oteldemo/money.proto"],
    ["google.protobuf.Timestamp", "google/protobuf/timestamp.proto"],
    ["grpc.health.v1.Health", "grpc/health/v1/health.proto"],
  ])("finds the file of %s, that file first and all its imports with it", async (symbol, file) => {
    const files = filesOf(await ask({ case: "fileContainingSymbol", value: symbol }));
    expect(files[0]?.name).toBe(file);
    const names = new Set(files.map(({ name }) => name));
    for (const each of files) for (const dependency of each.dependency) expect(names).toContain(dependency);
  });

  test("finds files by name, and says what it does not know", async () => {
    expect(filesOf(await ask({ case: "fileByFilename", value: "oteldemo/order.proto" }))[0]?.name).toBe(
      "oteldemo/order.proto",
    );
    for (const request of [
      { case: "fileByFilename", value: "../../etc/passwd" },
      { case: "fileContainingSymbol", value: "nobody.Nothing" },
      { case: "fileContainingExtension", value: { containingType: "oteldemo.Money", extensionNumber: 1 } },
    ] as const) {
      const { messageResponse } = await ask(request);
      expect(messageResponse).toMatchObject({ case: "errorResponse", value: { errorCode: Code.NotFound } });
    }
  });
});
