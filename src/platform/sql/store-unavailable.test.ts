import { createConnection } from "node:net";
import postgres from "postgres";
import { expect, it, onTestFinished } from "vitest";
import { isDiskFull, isStoreUnavailable } from "./store-unavailable.ts";
import { createTestDatabase } from "./testing.ts";

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

it.each([
  ["53100", "could not extend file", true],
  ["58030", 'could not write to file "pg_wal/xlogtemp.1": No space left on device', true],
  ["XX000", 'could not write to file "base/1/2": Disk quota exceeded', true],
  ["58030", "could not read file: Input/output error", false],
  ["XX000", "cache lookup failed", false],
  // Here it is the customer's own words.
  ["22P02", 'invalid input syntax for type uuid: "No space left on device"', false],
])("a server that fails with %s, %s: is its disk full? %s", async (code, message, isFull) => {
  const { connection, drop } = await createTestDatabase();
  onTestFinished(drop);
  const sql = postgres({ ...connection, max: 1 });
  onTestFinished(() => sql.end());
  const failing = sql.unsafe(`do $$ begin raise exception '%', ${quoted(message)} using errcode = '${code}'; end $$`);
  const error = await failing.catch((reason: unknown) => reason);
  expect(isDiskFull(error)).toBe(isFull);
  expect(isStoreUnavailable(error)).toBe(isFull);
});

const quoted = (text: string) => `'${text}'`;
