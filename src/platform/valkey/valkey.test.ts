import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createLogger } from "../logging/logger.ts";
import { until } from "../rpc/testing.ts";
import { isStoreUnavailable } from "../sql/store-unavailable.ts";
import { openValkey } from "./valkey.ts";

/** A server that knows no command that a client may greet it with, as Redis 5 does. */
async function startOldServer() {
  let greetings = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      // Each command is an array of texts: *2 $5 HELLO $1 3
      for (const [, name = ""] of bytes.toString().matchAll(/^\*\d+\r\n\$\d+\r\n(\w+)/gm)) {
        if (name === "HELLO") greetings++;
        socket.write(`-ERR unknown command \`${name}\`, with args beginning with: \`3\`, \r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : 0,
    get greetings() {
      return greetings;
    },
  };
}

test("a server that is too old is told as such, once, and carts cannot be had meanwhile", async () => {
  const server = await startOldServer();
  const lines: string[] = [];
  const log = createLogger({ level: "warn", destination: { write: (line) => void lines.push(line) } });
  const valkey = openValkey({ host: "127.0.0.1", port: server.port, isEncrypted: false }, log);
  onTestFinished(() => valkey.close());
  await until(() => server.greetings >= 3, "it is greeted again and again");
  expect(lines.map((line) => JSON.parse(line).message)).toEqual([
    `Valkey at 127.0.0.1:${server.port} is too old: it does not know HELLO. Valkey, or Redis 6 or newer, is needed. See VALKEY_ADDR.`,
  ]);
  expect(await valkey.isReachable()).toBe(false);
  await expect(valkey.send(["PING"])).rejects.toSatisfy(isStoreUnavailable);
});
