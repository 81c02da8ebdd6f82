import { once } from "node:events";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { CartService } from "../gen/oteldemo/cart_pb.ts";
import { freePort } from "../src/platform/lifecycle/free-port.ts";
import { createTestDatabase, type TestDatabase } from "../src/platform/sql/testing.ts";
import { eventually } from "./eventually.ts";
import { OrreryProcess } from "./orrery-process.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** The database over TCP, from now on. */
async function listen(port: number): Promise<Server> {
  const { host, port: number } = database.connection;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = createConnection(join(host, `.s.PGSQL.${number}`));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    near.pipe(far).pipe(near);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

async function startCart(options: { readonly database?: string } = {}) {
  const ports = { cart: await freePort(), database: await freePort() };
  const { username, database: name } = database.connection;
  const cart = new OrreryProcess(["serve", "cart"], {
    CART_PORT: String(ports.cart),
    DB_CONNECTION_STRING: `postgres://${username}@127.0.0.1:${ports.database}/${options.database ?? name}`,
  });
  onTestFinished(() => cart.kill());
  return { cart, ports };
}

it("a service that comes before its database says that it waits, and works when it is there", async () => {
  const { cart, ports } = await startCart();
  await cart.says(new RegExp(`"WARN".*PostgreSQL at 127.0.0.1:${ports.database} does not answer; waiting for it`));
  await listen(ports.database);
  const client = createClient(CartService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${ports.cart}` }));
  await eventually(async () => {
    expect((await client.getCart({ userId: "ada" })).items).toEqual([]);
  }, 20_000);
  expect(cart.out.match(/waiting for it/g)).toHaveLength(1);
});

it("a service that waits for its database stops at once when it is told to", async () => {
  const { cart } = await startCart();
  await cart.says(/waiting for it/);
  expect(await cart.terminate()).toBeLessThan(5_000);
});

it("a database that there is not is one clear line, not a wait", async () => {
  const { cart, ports } = await startCart({ database: "nowhere" });
  await listen(ports.database);
  const lines = await cart.fails();
  expect(lines.at(-1)).toBe(
    `PostgreSQL at 127.0.0.1:${ports.database} has no such database: database "nowhere" does not exist. See DB_CONNECTION_STRING.`,
  );
});
