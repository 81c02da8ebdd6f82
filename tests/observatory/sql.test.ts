import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmittingService, watchedSystem } from "./watched-system.ts";

describe("a statement over the store", () => {
  let system: Awaited<ReturnType<typeof watchedSystem>>;

  beforeAll(async () => {
    system = await watchedSystem({ environment: { OBSERVATORY_QUERY_TIMEOUT: "1000" } });
    const cart = new EmittingService("cart", system.observatory.sink);
    for (let index = 0; index < 50; index++) cart.span(`operation ${index % 5}`, {}).end();
    await cart.flush();
    await system.settle();
  });
  afterAll(() => system.stop());

  it("answers with columns, types and rows", async () => {
    const answer = await system.client.runQuery({
      sql: "select service, count(*) as spans, 1.5::double as share, null as nothing from spans group by service",
    });
    expect(answer.columns.map(({ name, type }) => [name, type])).toEqual([
      ["service", "VARCHAR"],
      ["spans", "BIGINT"],
      ["share", "DOUBLE"],
      ["nothing", "INTEGER"],
    ]);
    const values = answer.rows.map((row) => row.values.map(({ kind }) => kind.value));
    expect(values).toEqual([["cart", 50, 1.5, 0]]);
    expect(answer.rows[0]?.values[3]?.kind.case).toBe("nullValue");
    expect(answer.isTruncated).toBe(false);
  });

  it("is cut at the number of rows that was asked for", async () => {
    const answer = await system.client.runQuery({ sql: "from spans", maxRows: 7 });
    expect(answer.rows).toHaveLength(7);
    expect(answer.isTruncated).toBe(true);
  });

  it.each([
    ["writes", "insert into resources values (1, 'x', '{}')", /Only SELECT/],
    ["deletes", "delete from spans", /Only SELECT/],
    ["drops a table", "drop table spans", /Only SELECT/],
    ["hides a second statement", "select 1; drop table spans", /One statement at a time; these are 2/],
    ["is none", "-- nothing", /no statement/],
    ["reads a file", "select * from read_csv('/etc/passwd')", /Permission Error/],
    ["reads a file by its name", "select * from '/etc/passwd.csv'", /does not exist|Permission|disabled/],
    ["lists files", "select * from glob('/*')", /Permission Error/],
    ["reads a file as text", "select content from read_text('/etc/passwd')", /Permission Error/],
    ["writes a file", "copy spans to '/tmp/stolen.csv'", /Permission Error|Only SELECT/],
    ["attaches a database", "attach '/tmp/other.db'", /Only SELECT|Permission/],
    ["loads an extension", "install httpfs", /Only SELECT|Permission/],
    ["changes a setting", "set memory_limit = '10GB'", /Only SELECT|locked/],
    ["allows itself more", "set enable_external_access = true", /Only SELECT|locked/],
    ["makes checkpoints", "call checkpoint()", /Only SELECT/],
    ["leaves its transaction", "commit", /Only SELECT/],
    ["explains by doing", "explain analyze delete from spans", /Only SELECT/],
    ["repeats text without bounds", "select repeat('x', 1000000000) from range(100)", /function repeat is not allowed/],
    ["calls that as a method", "select ('x').repeat(1000000000)", /function repeat is not allowed/],
    ["quotes its name", 'with a as (select "LPAD"(name, 1000000000, service) from spans) from a', /function lpad/],
    ["makes endless lists", "select len(range(10000000000))", /function range is not allowed/],
    ["has parameters", "select $1", /parameters/],
    ["is misspelt", "selct 1", /syntax error at or near "selct"/],
    ["asks for what is not there", "select nothing from spans", /"nothing" not found/],
  ])("is refused when it %s", async (_, sql, message) => {
    await expect(system.client.runQuery({ sql })).rejects.toThrow(message);
    expect((await system.client.runQuery({ sql: "select count(*) from spans" })).rows[0]?.values[0]?.kind.value).toBe(
      50,
    );
  });

  it("is stopped when it never ends", async () => {
    const begun = performance.now();
    const sql =
      "with recursive endless as (select 1 as n union all select n + 1 from endless) select max(n) from endless";
    await expect(system.client.runQuery({ sql })).rejects.toThrow(/longer than 1 s|Out of Memory/);
    expect(performance.now() - begun).toBeLessThan(8_000);
    // Intake goes on.
    const cart = new EmittingService("after", system.observatory.sink);
    cart.span("still there", {}).end();
    await cart.flush();
    await system.settle();
    expect((await system.client.searchTraces({ service: "after" })).traces).toHaveLength(1);
  });

  it.each([
    ["a huge cross product", "select count(*) from range(100000000) a, range(100000000) b"],
    [
      "text that doubles",
      "with recursive t as (select 'x' as s union all select s || s from t) select max(len(s)) from t",
    ],
    ["wide rows", "select string_agg(range::varchar, ' ') as wide from range(400000) group by range % 40"],
    ["a huge list", "select list(range) from range(2000000000)"],
    ["a huge sort", "select * from range(2000000000) order by random()"],
  ])("cannot exhaust the store with %s", async (_, sql) => {
    const outcome = await system.client.runQuery({ sql }).then(
      ({ rows, isTruncated }) => (isTruncated || rows.length <= 1_000 ? "bounded" : "unbounded"),
      (error: Error) => (/longer than 1 s|Out of Memory|limit/i.test(error.message) ? "bounded" : error.message),
    );
    expect(outcome).toBe("bounded");
    expect((await system.client.getStatus({})).store?.spans).toBeGreaterThanOrEqual(50n);
  });

  it("that runs holds up no stop", async () => {
    const other = await watchedSystem();
    const running = other.client.runQuery({ sql: "select count(*) from range(100000000) a, range(100000000) b" });
    const outcome = expect(running).rejects.toThrow();
    const begun = performance.now();
    await other.stop();
    expect(performance.now() - begun).toBeLessThan(3_000);
    await outcome;
  });

  it("finds every table described", async () => {
    const { tables } = await system.client.getSchema({});
    expect(tables.map(({ name }) => name)).toContain("edge_stats");
    expect(tables.find(({ name }) => name === "spans")?.rowCount).toBeGreaterThanOrEqual(50n);
    for (const { name, description } of tables) expect(description, name).not.toBe("");
  });
});
