import type { IncomingMessage, ServerResponse } from "node:http";
import {
  createRegistry,
  type DescMethod,
  type DescMethodUnary,
  type DescService,
  type Message,
} from "@bufbuild/protobuf";
import { cors, createContextValues, type MethodImpl, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Health } from "../../../gen/grpc/health/v1/health_pb.ts";
import { ServerReflection as ReflectionV1 } from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ReflectionV1Alpha } from "../../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { idempotencyKeyHeader } from "./client.ts";
import { grpcUnaryServer } from "./grpc-unary-server.ts";
import { type HealthSource, healthRoutes, isConnectionClosing } from "./health.ts";
import type { LocalServices } from "./local-services.ts";
import { refuseMalformedMessages } from "./malformed-message.ts";
import { reflectionRoutes } from "./reflection.ts";
import { maxMessageBytes } from "./remote-transport.ts";

/** A request over HTTP/1.1, or over HTTP/2 by Node's compatibility API, which looks the same to us. */
export type HttpRequest = IncomingMessage;
/** See {@link HttpRequest}. */
export type HttpResponse = ServerResponse;
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void;

/** Whether a path is that of an RPC: `/package.Service/Method`. */
export function isRpcPath(path: string): boolean {
  return /^\/[a-z][\w.]*\.[A-Z]\w*\/\w+$/.test(path.split("?", 1)[0] ?? "");
}

/**
 * Answers gRPC, gRPC-Web and Connect, in Protobuf and JSON, for all services given, with health and reflection.
 *
 * @param options.contract every service that reflection describes
 * @param options.isAllowedOrigin whether web pages of an origin may call
 */
export function rpcHandler(options: {
  readonly services: LocalServices;
  readonly health: HealthSource;
  readonly contract: readonly DescService[];
  readonly isAllowedOrigin: (origin: string) => boolean;
}): HttpHandler {
  const { services, health, contract, isAllowedOrigin } = options;
  const answerUnary = grpcUnaryServer(services.methods(), maxMessageBytes);
  const handle = connectNodeAdapter({
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
    // Inside a mesh, compressing costs more than the call; large answers to browsers still gain.
    compressMinBytes: 64 * 1024,
    contextValues(request) {
      const session = "stream" in request ? request.stream.session : undefined;
      return createContextValues().set(isConnectionClosing, () => session?.closed ?? false);
    },
    routes(router) {
      for (const service of services.services()) router.service(service, overNetwork(services, service));
      healthRoutes(health)(router);
      const described = [...contract, Health, ReflectionV1, ReflectionV1Alpha];
      reflectionRoutes(createRegistry(...new Set(described.map((service) => service.file))))(router);
      refuseMalformedMessages(router);
    },
  });
  return (request, response) => {
    const origin = request.headers.origin;
    response.setHeader("vary", "Origin");
    if (typeof origin === "string") {
      if (isAllowedOrigin(origin)) {
        response.setHeader("access-control-allow-origin", origin);
        response.setHeader("access-control-expose-headers", cors.exposedHeaders.join(", "));
        if (request.method === "OPTIONS") {
          response.setHeader("access-control-allow-methods", cors.allowedMethods.join(", "));
          response.setHeader(
            "access-control-allow-headers",
            [...cors.allowedHeaders, idempotencyKeyHeader, "baggage", "traceparent", "tracestate"].join(", "),
          );
          response.setHeader("access-control-max-age", "7200");
        }
      }
    }
    if (request.method === "OPTIONS") {
      response.statusCode = 204;
      response.end();
      return;
    }
    // What services call each other by is the cheapest; connect-node answers everything else.
    if (!answerUnary(request, response)) handle(request, response);
  };
}

function overNetwork(services: LocalServices, service: DescService): Partial<ServiceImpl<DescService>> {
  const methods: Record<string, MethodImpl<DescMethod> | MethodImpl<DescMethodUnary>> = {};
  for (const [method, implementation] of services.streams()) {
    if (method.parent === service) methods[method.localName] = implementation;
  }
  for (const { method, invoke } of services.methods()) {
    if (method.parent !== service) continue;
    const unary: MethodImpl<DescMethodUnary> = (request: Message, context) =>
      invoke(request, {
        header: context.requestHeader,
        responseHeader: context.responseHeader,
        responseTrailer: context.responseTrailer,
        protocolName: context.protocolName,
        requestMethod: context.requestMethod,
        url: context.url,
        timeoutMs: context.timeoutMs(),
        signal: context.signal,
      });
    methods[method.localName] = unary;
  }
  return methods as unknown as Partial<ServiceImpl<DescService>>;
}
