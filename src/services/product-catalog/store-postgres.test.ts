import { describe, expect, it } from "vitest";
import { storeDatabase } from "../../../tests/store-database.ts";
import { postgresProductStore, productMigrations } from "./store-postgres.ts";

async function open() {
  const database = await storeDatabase({ schema: "catalog", migrations: productMigrations, poolSize: 2 });
  const store = postgresProductStore(database);
  const search = async (query: string) => (await store.search(query)).map(({ name }) => name);
  async function add(id: string, name: string, rest: { description?: string | null; categories?: string | null } = {}) {
    const { description = "", categories = "" } = rest;
    await database.sql`
      insert into products (id, name, description, picture, price_currency_code, price_units, price_nanos, categories)
      values (${id}, ${name}, ${description}, ${null}, 'USD', 1, 500000000, ${categories})`;
  }
  return { store, search, add };
}

describe("the products", () => {
  it("are listed by id, with exact prices and clean categories", async () => {
    const { store, add } = await open();
    await add("0", "First", { categories: " a, ,b ," });
    const products = await store.list();
    expect(products).toHaveLength(11);
    expect(products.map(({ id }) => id)).toEqual(products.map(({ id }) => id).sort());
    expect(products[0]).toMatchObject({ price: { currency: "USD", nanos: 1_500_000_000n }, categories: ["a", "b"] });
    expect(products.find(({ id }) => id === "LS4PSXUNUM")).toMatchObject({ price: { nanos: 57_080_000_000n } });
  });

  it("are listed and found although one has neither description nor picture nor categories", async () => {
    const { store, search, add } = await open();
    await add("0", "Bare Thing", { description: null, categories: null });
    expect((await store.list())[0]).toMatchObject({ name: "Bare Thing", description: "", picture: "", categories: [] });
    expect(await search("bare")).toEqual(["Bare Thing"]);
  });

  it.each(["", "   ", "\t\n"])("are all found for %j", async (query) => {
    const { store } = await open();
    expect(await store.search(query)).toEqual(await store.list());
  });

  it("are found whatever the case, in name, category and description, names first", async () => {
    const { search } = await open();
    expect(await search("COMET")).toEqual(["The Comet Book"]);
    expect((await search("telescope")).slice(0, 2)).toEqual(
      expect.arrayContaining(["Starsense Explorer Refractor Telescope", "Eclipsmart Travel Refractor Telescope"]),
    );
    expect((await search("Solar"))[0]).toMatch(/^Solar/);
    expect(await search("andromeda")).toEqual(["Roof Binoculars"]);
    expect(await search("travel")).toContain("Eclipsmart Travel Refractor Telescope");
  });

  it.each([
    ["binocluars", "Roof Binoculars"],
    ["flashlihgt", "Red Flashlight"],
    ["telescpoe", "Starsense Explorer Refractor Telescope"],
    ["explorascop", "National Park Foundation Explorascope"],
    ["bino", "Roof Binoculars"],
    ["reds flashlights", "Red Flashlight"],
  ])("are found in spite of a slip: %s", async (query, name) => {
    const { search } = await open();
    expect(await search(query)).toContain(name);
  });

  it("are not found by what has nothing to do with them", async () => {
    const { search } = await open();
    for (const query of ["refrigerator", "xyzzy", "zzzz"]) expect(await search(query)).toEqual([]);
  });

  it.each([
    ["%", "Wholly 100% Wool"],
    ["_", "Snake_Case Mug"],
    ["\\", "Back\\Slash Poster"],
    ["100%", "Wholly 100% Wool"],
    ["e_C", "Snake_Case Mug"],
  ])("are matched with %s as it is written", async (query, name) => {
    const { search, add } = await open();
    await add("X1", "Wholly 100% Wool");
    await add("X2", "Snake_Case Mug");
    await add("X3", "Back\\Slash Poster");
    expect(await search(query)).toEqual([name]);
  });

  it.each([
    "'",
    '"',
    "a'b",
    "& | ! <-> ( )",
    ":*",
    "or and -",
    "'; drop table products; --",
    "\u{1f52d}",
    "a".repeat(256),
  ])("survive a search for %j", async (query) => {
    const { store, search } = await open();
    expect(await search(query)).toEqual(expect.any(Array));
    expect(await store.list()).toHaveLength(10);
  });
});
