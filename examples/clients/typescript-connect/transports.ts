import type { Transport } from "@connectrpc/connect";
import * as node from "@connectrpc/connect-node";
import * as web from "@connectrpc/connect-web";

/** The ways to reach the shop: every one works with every service, on the same port. */
export const transports: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  connect: (baseUrl) => node.createConnectTransport({ baseUrl, httpVersion: "2" }),
  grpc: (baseUrl) => node.createGrpcTransport({ baseUrl }),
  "grpc-web": (baseUrl) => node.createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  // What a web page uses; both are built on fetch, so they run in Node too.
  "web-connect": (baseUrl) => web.createConnectTransport({ baseUrl }),
  "web-grpc-web": (baseUrl) => web.createGrpcWebTransport({ baseUrl }),
};
