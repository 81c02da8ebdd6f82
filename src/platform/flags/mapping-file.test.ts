import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { declareFlags } from "./flag.ts";
import { openMappingFile } from "./mapping-file.ts";

const declared = declareFlags([
  { key: "one", description: "One", variants: { on: true, off: false }, resting: "off" },
  { key: "two", description: "Two", variants: { on: true, off: false }, resting: "off" },
]);
const [first] = declared;

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orrery-mapping-"));
  path = join(folder, "below", "names.json");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("is made for its owner alone, and read again as it is", async () => {
  const made = await openMappingFile(path, declared);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const text = await readFile(path, "utf8");
  expect(JSON.parse(text)).toEqual(made);
  expect(await openMappingFile(path, declared)).toEqual(made);
  expect(await readFile(path, "utf8")).toBe(text);
});

it("is another one each time that it is made", async () => {
  const one = await openMappingFile(path, declared);
  const other = await openMappingFile(join(folder, "other.json"), declared);
  expect(one.flags.one?.key).not.toBe(other.flags.one?.key);
});

it("is completed when flags were declared since, keeps its names, and stays its owner's", async () => {
  const before = await openMappingFile(path, [first]);
  await chmod(path, 0o644);
  const after = await openMappingFile(path, declared);
  expect(after.flags.one).toEqual(before.flags.one);
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual(after);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, "below"))).toEqual(["names.json"]);
});

it("is the same for all who make or complete it at the same time", async () => {
  const together = async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => openMappingFile(path, declared)));
    for (const each of all) expect(each).toEqual(JSON.parse(await readFile(path, "utf8")));
  };
  await together();
  await rm(path);
  await openMappingFile(path, [first]);
  await together();
});

it.each([
  ["broken", '{"flags": {\n  "one": {"key": "x"}\n}}', /names\.json:2: flags\.one.*variants/],
  ["no JSON", "names", /names\.json:1: /],
])("that is %s is refused with place and reason, and left as it is", async (_, text, reason) => {
  const file = join(folder, "names.json");
  await writeFile(file, text);
  await expect(openMappingFile(file, declared)).rejects.toThrow(reason);
  expect(await readFile(file, "utf8")).toBe(text);
});

it("is refused where it can be neither read nor written", async () => {
  await expect(openMappingFile(folder, declared)).rejects.toThrow(
    /The mapping of flags can be neither read nor written/,
  );
});
