import postgres from "postgres";
import { expect, test } from "vitest";
import { createTestDatabase } from "./testing.ts";

test("each test database is empty, of its own, and gone after the drop although a session is open", async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  expect(one.connection.database).not.toBe(other.connection.database);
  const sql = postgres({ ...one.connection, max: 1 });
  await sql`create table orders (id int)`;
  await one.drop();
  await expect(sql`select 1`).rejects.toThrow();
  await sql.end();
  await other.drop();
});
