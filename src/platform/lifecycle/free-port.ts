import { createServer } from "node:net";

/** Below the ports that systems give to outgoing connections, which take theirs at any moment. */
const lowest = 12_000;
const highest = 32_000;

const given = new Set<number>();

/** A TCP port of the loopback interface that nobody listens on now, another one each time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (given.has(port) || !(await isFreePort(port))) continue;
    given.add(port);
    return port;
  }
}

/** Whether a TCP port of the loopback interface can be listened on now. */
export async function isFreePort(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
