import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface StackControl {
  /** With what nobody else knows: whoever has it may restart services. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Lets the service that runs scenarios have other services started anew by the program that has started them, over the
 * loopback interface: `POST <url>/restart/<service>`.
 *
 * @param restart says what was done
 */
export async function openStackControl(restart: (service: string) => Promise<string>): Promise<StackControl> {
  const path = `/${randomUUID()}`;
  const server = createServer(async (request, response) => {
    const [, service] = /^\/restart\/([a-z-]+)$/.exec((request.url ?? "").slice(path.length)) ?? [];
    if (request.method !== "POST" || !request.url?.startsWith(path) || service === undefined) {
      response.writeHead(404).end("There is nothing.");
      return;
    }
    try {
      response.end(await restart(service));
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
