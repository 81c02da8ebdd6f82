import { createSocket, type Socket } from "node:dgram";
import { createServer } from "node:net";

/** Below the ports that systems give to outgoing connections, which take theirs at any moment. */
export const lowestPort = 12_000;
export const highestPort = 32_000;

const given = new Set<number>();

/**
 * A TCP port of the loopback interface that nobody listens on now, another one each time. Between its choice and its use
 * no other process is given it by this function: it is reserved as long as this process runs.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort));
    if (given.has(port)) continue;
    const reservation = await reserve(port);
    if (reservation === "taken") continue;
    if (await isFreePort(port)) {
      given.add(port);
      return port;
    }
    reservation?.close();
  }
}

/** By UDP's port of the same number, which nobody wants otherwise; undefined where there is no UDP to be had. */
function reserve(port: number): Promise<Socket | "taken" | undefined> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    socket.once("error", (error) => {
      socket.close();
      resolve("code" in error && error.code === "EADDRINUSE" ? "taken" : undefined);
    });
    socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => resolve(socket.unref()));
  });
}

/** Whether a TCP port of the loopback interface can be listened on now. */
export async function isFreePort(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
