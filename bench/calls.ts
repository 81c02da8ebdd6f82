import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import * as grpc from "@grpc/grpc-js";
import { CurrencyConversionRequestSchema, CurrencyService } from "../gen/oteldemo/currency_pb.ts";
import { MoneySchema } from "../gen/oteldemo/money_pb.ts";
import { createLogger } from "../src/platform/logging/logger.ts";
import { client } from "../src/platform/rpc/client.ts";
import { LocalServices, localTransport } from "../src/platform/rpc/local-services.ts";
import { openPort } from "../src/platform/rpc/port.ts";
import { remoteTransport } from "../src/platform/rpc/remote-transport.ts";
import { rpcHandler } from "../src/platform/rpc/rpc-handler.ts";
import { route } from "../src/platform/rpc/service-routes.ts";
import { cpuPerRound, type Report } from "./figure.ts";

const request = create(CurrencyConversionRequestSchema, {
  from: { currencyCode: "USD", units: 57n, nanos: 80_000_000 },
  toCode: "EUR",
});
const answer = create(MoneySchema, { currencyCode: "EUR", units: 50n, nanos: 490_933_215 });
const implementation = {
  convert: () => answer,
  convertBatch: () => ({}),
  getSupportedCurrencies: () => ({}),
};

/** The CPU, of both sides together, of one unary call with a small message, in the ways that there are. */
export async function benchCalls({ seconds, report }: { readonly seconds: number; readonly report: Report }) {
  const measure = async (name: string, call: () => Promise<unknown>, extra: Partial<Parameters<Report>[0]> = {}) => {
    const value = await cpuPerRound(call, seconds);
    report({ name: `call, ${name}`, value, unit: "us", ...extra });
    return value;
  };

  const services = new LocalServices();
  services.add(route(CurrencyService, implementation), { log: createLogger({ level: "silent" }) });

  const bare = await bareHttp2();
  const http2 = await measure("bare node:http2", bare.call);
  const baseline = { name: "bare node:http2", value: http2 };
  bare.close();

  const local = client(CurrencyService, localTransport(services));
  await measure("local transport", () => local.convert(request), { baseline, target: { at: "most", value: 40 } });

  const router = createClient(
    CurrencyService,
    createRouterTransport(({ service }) => service(CurrencyService, implementation)),
  );
  await measure("Connect's router transport", () => router.convert(request), { baseline });

  const grpcJs = await plainGrpcJs();
  const plainGrpc = await measure("network, plain grpc-js", grpcJs.call, { baseline });
  grpcJs.close();

  const port = await openPort({
    host: "127.0.0.1",
    port: 0,
    handler: rpcHandler({
      services,
      contract: [CurrencyService],
      isAllowedOrigin: () => false,
      health: { status: () => true },
    }),
  });
  const remote = client(CurrencyService, remoteTransport(`http://127.0.0.1:${port.port}`));
  await measure("network, our server and client (gRPC)", () => remote.convert(request), {
    baseline: { name: "plain grpc-js", value: plainGrpc },
    target: { at: "most", value: 1.5 * plainGrpc },
  });
  await port.drain(100);

  const plain = createHttp2Server(
    connectNodeAdapter({ routes: ({ service }) => service(CurrencyService, implementation) }),
  );
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
  const options = { baseUrl: `http://127.0.0.1:${(plain.address() as AddressInfo).port}`, acceptCompression: [] };
  const connect = createClient(CurrencyService, createConnectTransport({ ...options, httpVersion: "2" }));
  await measure("network, plain connect-node (Connect)", () => connect.convert(request), { baseline });
  const connectGrpc = createClient(CurrencyService, createGrpcTransport(options));
  await measure("network, plain connect-node (gRPC)", () => connectGrpc.convert(request), { baseline });
  plain.close();
}

async function bareHttp2() {
  const server = createHttp2Server();
  server.on("stream", (stream) => {
    stream.on("data", () => {});
    stream.on("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/proto" });
      stream.end(toBinary(MoneySchema, answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const body = toBinary(CurrencyConversionRequestSchema, request);
  return {
    call: () =>
      new Promise<unknown>((resolve, reject) => {
        const stream = session.request({ ":method": "POST", ":path": "/oteldemo.CurrencyService/Convert" });
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => resolve(fromBinary(MoneySchema, Buffer.concat(chunks))));
        stream.on("error", reject);
        stream.end(body);
      }),
    close() {
      session.destroy();
      server.close();
    },
  };
}

async function plainGrpcJs() {
  const definition: grpc.ServiceDefinition = {
    convert: {
      path: "/oteldemo.CurrencyService/Convert",
      requestStream: false,
      responseStream: false,
      requestSerialize: (message) => Buffer.from(toBinary(CurrencyConversionRequestSchema, message)),
      requestDeserialize: (bytes) => fromBinary(CurrencyConversionRequestSchema, bytes),
      responseSerialize: (message) => Buffer.from(toBinary(MoneySchema, message)),
      responseDeserialize: (bytes) => fromBinary(MoneySchema, bytes),
    },
  };
  const server = new grpc.Server();
  server.addService(definition, {
    convert: (_call: unknown, callback: grpc.sendUnaryData<typeof answer>) => callback(null, answer),
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const Stub = grpc.makeGenericClientConstructor(definition, "CurrencyService");
  const stub = new Stub(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const convert = stub.convert?.bind(stub) as (
    message: typeof request,
    callback: (error: grpc.ServiceError | null, money: typeof answer) => void,
  ) => void;
  return {
    call: () =>
      new Promise<unknown>((resolve, reject) =>
        convert(request, (error, money) => (error === null ? resolve(money) : reject(error))),
      ),
    close() {
      stub.close();
      server.forceShutdown();
    },
  };
}
