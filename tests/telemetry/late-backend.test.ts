import { once } from "node:events";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { expect, it, onTestFinished } from "vitest";
import { LogsService } from "../../gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.ts";
import { freePort } from "../../src/platform/lifecycle/free-port.ts";
import { eventually } from "../eventually.ts";
import { OrreryProcess } from "../orrery-process.ts";

it("a backend that comes up after a service is told of its start", async () => {
  // Somebody who hangs up, until it is known that an attempt has failed.
  const away = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(away, "listening");
  const { port } = away.address() as AddressInfo;
  const quote = new OrreryProcess(["serve", "quote"], {
    QUOTE_PORT: String(await freePort()),
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `http://127.0.0.1:${port}`,
    // On a machine that has other things to do, too.
    OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: "25000",
  });
  onTestFinished(() => quote.kill());
  await once(away, "connection");
  await new Promise((resolve) => away.close(resolve));

  const events: string[] = [];
  const routes = connectNodeAdapter({
    routes: (router) =>
      router.service(LogsService, {
        export({ resourceLogs }) {
          const records = resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
          events.push(...records.map(({ eventName }) => eventName));
          return {};
        },
      }),
  });
  const backend = createHttp2Server(routes).listen(port, "127.0.0.1");
  onTestFinished(() => void backend.close());
  await eventually(() => expect(events).toEqual(["process.start", "service.ready"]), 20_000);
});
