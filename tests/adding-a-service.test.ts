import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
/** Below the repository, so that its packages are found. */
const copy = join(root, ".orrery-test/adding-a-service");
const notCopied = [
  ".git",
  ".orrery",
  ".orrery-test",
  ".toolchain",
  "coverage",
  "dist",
  // Other tests generate code there meanwhile.
  "examples",
  "node_modules",
];

it("docs/adding-a-service.md makes a service that works", { timeout: 240_000 }, async () => {
  await rm(copy, { recursive: true, force: true });
  for (const path of (await readdir(root)).filter((name) => !notCopied.includes(name))) {
    await cp(join(root, path), join(copy, path), { recursive: true });
  }

  const files = filesOf(await readFile(join(root, "docs/adding-a-service.md"), "utf8"));
  const line = files.get("src/services/index.ts");
  files.delete("src/services/index.ts");
  expect([...files.keys()]).toContain("src/services/wishlist/service.ts");
  for (const [path, text] of files) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), text);
  }
  const index = join(copy, "src/services/index.ts");
  const list = await readFile(index, "utf8");
  await writeFile(
    index,
    `import { wishlist } from "./wishlist/service.ts";\n${list.replace("\n  shipping,\n", `\n  shipping,\n${line}`)}`,
  );

  await writeFile(
    join(copy, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.json", include: ["src/services/wishlist", "tests/wishlist.test.ts"] }),
  );

  await run("buf", "lint");
  await run("buf", "generate");
  await run("tsc", "-p", "tsconfig.json");
  await run("vitest", "run", "tests/wishlist.test.ts");
  await rm(copy, { recursive: true });
});

/** The code blocks of a document, each by the path that the text before it named last. */
function filesOf(document: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const [, before = "", text = ""] of document.matchAll(/(.*?)```(?:proto|ts|sql|sh)\n(.*?)```\n/gs)) {
    const path = [...before.matchAll(/`((?:proto|src|tests)\/[\w./-]+\.\w+)`/g)].at(-1)?.[1];
    if (path?.includes("wishlist") || path === "src/services/index.ts") files.set(path, text);
  }
  return files;
}

async function run(program: string, ...parameters: string[]): Promise<void> {
  const path = [join(root, "node_modules/.bin"), dirname(process.execPath), process.env.PATH].join(delimiter);
  await promisify(execFile)(program, parameters, { cwd: copy, env: { ...process.env, PATH: path } }).catch((error) => {
    throw new Error(`${program} failed:\n${error.stdout}${error.stderr}`, { cause: error });
  });
}
