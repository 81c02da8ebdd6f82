import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";

// Takes OTLP over gRPC and throws it away: what an exporter costs the one who exports. Prints its port.

/** An answer without content: a frame of no bytes. */
const nothing = Buffer.from([0, 0, 0, 0, 0]);

const server = createServer();
server.on("stream", (stream) => {
  stream.resume();
  stream.once("end", () => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(nothing);
  });
  stream.on("error", () => {});
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
