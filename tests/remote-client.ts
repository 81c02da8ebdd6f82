import type { DescService } from "@bufbuild/protobuf";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { errorInfo } from "../src/platform/rpc/errors.ts";

/** A client of another make than ours: no deadline, no retries, over gRPC or as Connect with JSON. */
export function remoteClient<S extends DescService>(
  url: string,
  service: S,
  protocol: "grpc" | "connect-json" = "grpc",
): Client<S> {
  const transport =
    protocol === "grpc"
      ? createGrpcTransport({ baseUrl: url })
      : createConnectTransport({ baseUrl: url, httpVersion: "1.1", useBinaryFormat: false });
  return createClient(service, transport);
}

/** What a program sees of a failed call. */
export async function refusalOf(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const { reason, metadata } = errorInfo(error) ?? {};
    return { code: error.code, reason, metadata, message: error.rawMessage };
  }
  throw new Error("The call was not refused");
}
