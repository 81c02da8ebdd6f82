import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { documents, renderDocument, root } from "../scripts/render-docs.ts";
import { api } from "./customer.ts";
import { startShop, type TestShop } from "./shop.ts";

const read = (path: string) => readFile(join(root, path), "utf8");
const manifest = JSON.parse(await read("package.json"));
const pages = ["README.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md", { cwd: root })];

it.each(documents)("the tables of %s are those of the code (else: node scripts/render-docs.ts)", async (document) => {
  expect(await read(document)).toBe(await renderDocument(document));
});

describe.each(pages)("%s", (page) => {
  it("links to files and headings that exist", async () => {
    const text = await read(page);
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)) {
      if (/^https?:/.test(target) || target === "") continue;
      const [path = "", fragment] = target.split("#", 2);
      const file = path === "" ? page : join(dirname(page), path);
      expect(existsSync(join(root, file)), `${target} in ${page}`).toBe(true);
      if (fragment !== undefined) expect(headings(await read(file)), `${target} in ${page}`).toContain(fragment);
    }
  });

  it("names scripts of package.json only", async () => {
    const named = [...(await read(page)).matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, script]) => script);
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(named));
  });

  it("names files and folders that exist", async () => {
    const named = [
      ...(await read(page)).matchAll(/`((?:src|proto|gen|tests|bench|scripts|examples|docs)\/[\w./-]*)`/g),
    ];
    for (const [, path = ""] of named) {
      // What the guide makes is made in its own test.
      if (path.includes("wishlist")) continue;
      expect(existsSync(join(root, path)), `${path} in ${page}`).toBe(true);
    }
  });
});

it("docs/dependencies.md gives the reason for every package, and for no other", async () => {
  const text = await read("docs/dependencies.md");
  const [used = "", notUsed] = text.split("## Not used");
  expect(notUsed).toBeDefined();
  const listed = [...used.matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const packages = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(listed.toSorted()).toEqual(packages.toSorted());
});

it.each(globSync("examples/clients/*/package.json", { cwd: root }))("%s pins the versions of ours", async (path) => {
  const { dependencies, devDependencies } = JSON.parse(await read(path));
  expect({ ...manifest.dependencies, ...manifest.devDependencies }).toMatchObject({
    ...dependencies,
    ...devDependencies,
  });
});

// Marked "shell" and "sql duckdb" there: documented-commands.test.ts runs the others, against a shop that is not watched.
describe("what docs/observatory.md shows works as shown", async () => {
  const text = await read("docs/observatory.md");
  const blocks = (language: string) =>
    [...text.matchAll(/```([\w ]+)\n(.*?)```/gs)].filter(([, of]) => of === language).map(([, , block = ""]) => block);
  let shop: TestShop;
  beforeAll(async () => {
    shop = await startShop({ observatory: true });
  });
  afterAll(() => shop.stop());

  it.each(blocks("shell").flatMap((block) => block.trim().split("\n")))("%s", async (command) => {
    const here = command
      .replaceAll("http://localhost:8080", shop.url)
      .replace(/^curl /, "curl -sS --fail-with-body ")
      .replace(/^npm run orrery -- (query|mark)/, `"${process.execPath}" src/main.ts $1 --url ${shop.url}`);
    const { stdout } = await promisify(execFile)("sh", ["-c", here], { cwd: root });
    expect(stdout).not.toBe("");
  });

  it.each(blocks("sql duckdb").flatMap((block) => block.trim().split(/;\s*/).filter(Boolean)))("%s", async (sql) => {
    const path = "/orrery.observatory.v1.ObservatoryService/RunQuery";
    expect(await api(shop.url, path, { body: { sql } })).toMatchObject({ status: 200, body: { columns: {} } });
  });
});

/** The anchors that GitHub gives headings. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
