import type { DescService } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import type { MethodDefinition } from "@grpc/grpc-js";
import { createLogger } from "../logging/logger.ts";
import type { HealthSource } from "./health.ts";
import { LocalServices } from "./local-services.ts";
import { openPort, type Port, type PortLimits } from "./port.ts";
import { rpcHandler } from "./rpc-handler.ts";
import type { ServerLimits } from "./serve-method.ts";
import type { Route } from "./service-routes.ts";

/** RPC services on a port of their own, for tests. */
export interface TestServices {
  readonly services: LocalServices;
  readonly port: Port;
  readonly origin: string;
  /** What was logged, one parsed line each. */
  readonly logged: readonly { readonly severity: string; readonly message: string }[];
}

/** Serves routes on a free loopback port. Close it with `port.drain(0)`. */
export async function serveForTest(
  routes: readonly Route[],
  options: {
    readonly limits?: Partial<ServerLimits>;
    readonly portLimits?: Partial<PortLimits>;
    readonly health?: HealthSource;
    readonly contract?: readonly DescService[];
    readonly port?: number;
  } = {},
): Promise<TestServices> {
  const logged: { severity: string; message: string }[] = [];
  const log = createLogger({ level: "warn", destination: { write: (line) => void logged.push(JSON.parse(line)) } });
  const services = new LocalServices();
  for (const route of routes) services.add(route, { log, limits: options.limits ?? {} });
  const handler = rpcHandler({
    services,
    health: options.health ?? { status: () => true },
    contract: options.contract ?? routes.map(({ service }) => service),
    isAllowedOrigin: (origin) => origin === "https://shop.example",
  });
  const port = await openPort({
    host: "127.0.0.1",
    port: options.port ?? 0,
    handler,
    ...(options.portLimits === undefined ? {} : { limits: options.portLimits }),
  });
  return { services, port, origin: `http://127.0.0.1:${port.port}`, logged };
}

/** Every way in which a client may speak to a port: protocol, format and HTTP version. */
export function everyTransport(baseUrl: string): ReadonlyMap<string, Transport> {
  const transports = new Map<string, Transport>();
  for (const useBinaryFormat of [true, false]) {
    const format = useBinaryFormat ? "binary" : "JSON";
    transports.set(`gRPC, ${format}, HTTP/2`, createGrpcTransport({ baseUrl, useBinaryFormat }));
    for (const httpVersion of ["1.1", "2"] as const) {
      const options = { baseUrl, useBinaryFormat, httpVersion };
      transports.set(`gRPC-Web, ${format}, HTTP/${httpVersion}`, createGrpcWebTransport(options));
      transports.set(`Connect, ${format}, HTTP/${httpVersion}`, createConnectTransport(options));
    }
  }
  return transports;
}

/** A method as grpc-js declares it, of any service, which takes and gives bytes as they are. */
export function grpcJsMethod(path: string): MethodDefinition<Buffer, Buffer> {
  const asItIs = (bytes: Buffer) => bytes;
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  };
}

/** Waits until a condition holds, for ten seconds at most unless told. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 10_000,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
