import { createConnection, createServer, type Socket } from "node:net";

/** Passes connections on to another port of this machine, and can cut them. */
export interface TcpRelay {
  readonly port: number;
  /** Ends every connection; new ones are taken. */
  cut(): void;
  /** Lets every connection be as it is and passes nothing on any more, as if the other side were gone; new ones are taken. */
  strand(): void;
  close(): Promise<void>;
}

/** @param port 0 for any that is free */
export async function startTcpRelay(port: number, to: () => number): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = createConnection({ host: "127.0.0.1", port: to() });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay();
      socket.on("error", () => {});
      socket.once("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const address = server.address();
  const strand = () => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  return {
    strand,
    port: typeof address === "object" && address !== null ? address.port : port,
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
