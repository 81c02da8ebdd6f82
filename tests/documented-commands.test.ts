import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startShop, type TestShop } from "./shop.ts";

const root = join(import.meta.dirname, "..");
const pages = ["README.md", ...globSync("docs/*.md", { cwd: root }).sort()];
const commands = await Promise.all(
  pages.map(async (page) => documented(page, await readFile(join(root, page), "utf8"))),
);

/** curl is not among the things that a machine must have. */
const hasCurl = await promisify(execFile)("curl", ["--version"]).then(
  () => true,
  () => false,
);

let shop: TestShop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop.stop());

describe.each(commands.filter(({ shell, sql }) => shell.length + sql.length > 0))("$page", ({ shell, sql }) => {
  it.each(shell)("%s", async (command) => {
    if (command.startsWith("curl") && !hasCurl) return;
    const path = [join(root, "node_modules/.bin"), dirname(process.execPath), process.env.PATH].join(delimiter);
    // --fail-with-body: an HTTP status of 400 and above is a failure too.
    const here = command.replaceAll("http://localhost:8080", shop.url).replace(/^curl /, "curl -sS --fail-with-body ");
    const { stdout } = await promisify(execFile)("sh", ["-c", here], {
      cwd: root,
      env: { ...process.env, PATH: path },
    });
    expect(stdout).not.toBe("");
  });

  it.each(sql)("%s", async (statement) => {
    await shop.sql.unsafe(statement);
  });
});

/** What a page tells its readers to type against a shop on port 8080, in order. */
function documented(page: string, text: string): { page: string; shell: string[]; sql: string[] } {
  const blocks = [...text.matchAll(/```(sh|sql)\n(.*?)```/gs)];
  const lines = (language: string) =>
    blocks
      .filter(([, of]) => of === language)
      .flatMap(([, , block = ""]) => block.replaceAll("\\\n", " ").split(/\n(?!\s)/))
      .map((line) => line.trim());
  return {
    page,
    shell: lines("sh").filter((line) => /^(curl|npx buf) .*localhost:8080/s.test(line) && !line.includes("Wishlist")),
    sql: lines("sql").filter((line) => /^(select|table) /.test(line)),
  };
}
