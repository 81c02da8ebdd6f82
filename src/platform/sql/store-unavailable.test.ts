import { createConnection } from "node:net";
import { expect, it } from "vitest";
import { isStoreUnavailable } from "./store-unavailable.ts";

it.each([
  ["to which no way leads", "224.0.0.1"],
  ["whose name nobody knows", "postgresql.invalid"],
])("a server %s is away", async (_, host) => {
  const error = await new Promise<Error>((resolve) => {
    const socket = createConnection({ host, port: 5432 });
    socket.once("error", resolve).once("connect", () => socket.destroy());
  });
  expect(isStoreUnavailable(error)).toBe(true);
});
