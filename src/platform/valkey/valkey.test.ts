import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createLogger } from "../logging/logger.ts";
import { until } from "../rpc/testing.ts";
import { openValkey } from "./valkey.ts";

/** A server that knows these commands, with their answers, and no others. */
async function startServer(known: Readonly<Record<string, string>>): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      // Each command is an array of texts: *2 $4 HGET ...
      for (const command of bytes.toString().split(/^\*\d+\r\n/m)) {
        const name = /^\$\d+\r\n(\w+)/.exec(command)?.[1]?.toUpperCase();
        if (name === undefined) continue;
        socket.write(`${known[name] ?? `-ERR unknown command '${name}'`}\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : 0;
}

test("a server that knows only what is as old as Redis 4 does", async () => {
  const port = await startServer({ PING: "+PONG", HGET: "$4\r\ncart", EVAL: ":1" });
  const lines: string[] = [];
  const log = createLogger({ level: "warn", destination: { write: (line) => void lines.push(line) } });
  const valkey = openValkey({ host: "127.0.0.1", port, isEncrypted: false }, log);
  onTestFinished(() => valkey.close());
  await until(() => valkey.isReachable(), "it is reached");
  expect(String(await valkey.send(["HGET", "ada", "cart"]))).toBe("cart");
  expect(await valkey.send(["EVAL", "return 1", "0"])).toBe(1);
  expect(lines).toEqual([]);
});
