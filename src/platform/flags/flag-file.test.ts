import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../tests/eventually.ts";
import { createLogger } from "../logging/logger.ts";
import { flagDocumentText } from "./flag-document.ts";
import { FlagFile } from "./flag-file.ts";

const documentOf = (variant: string, key = "fault") => ({
  flags: { [key]: { state: "ENABLED" as const, variants: { on: true, off: false }, defaultVariant: variant } },
});
const textOf = (variant: string) => flagDocumentText(documentOf(variant));

async function someFile(text = textOf("off")) {
  const folder = await mkdtemp(join(tmpdir(), "orrery-flags-"));
  const path = join(folder, "demo.flagd.json");
  await writeFile(path, text);
  const lines: string[] = [];
  const log = createLogger({ level: "warn", destination: { write: (line) => void lines.push(line) } });
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { folder, path, log, lines };
}

async function openFile(text?: string) {
  const made = await someFile(text);
  const file = await FlagFile.open(made.path, made.log);
  onTestFinished(() => file.close());
  const value = () => file.set.core.resolveBooleanEvaluation("fault", false).value;
  return { ...made, file, value };
}

it.each([
  ["written in place", (path: string) => writeFile(path, textOf("on"))],
  [
    "replaced",
    async (path: string) => {
      await writeFile(`${path}.new`, textOf("on"));
      await rename(`${path}.new`, path);
    },
  ],
])("a file that is %s by somebody else is in force soon, and those who listen are told", async (_, change) => {
  const { path, file, value } = await openFile();
  const told: (readonly string[])[] = [];
  file.set.onChange((changed) => told.push(changed));
  expect(value()).toBe(false);
  await change(path);
  await eventually(() => expect(value()).toBe(true));
  expect(told).toEqual([["fault"]]);
});

it("a broken file leaves flags as they were, is told with its line, and is taken once it is mended", async () => {
  const { path, file, value, lines } = await openFile(textOf("on"));
  await writeFile(path, textOf("maybe"));
  // Who looks while it is written sees it empty first, which is broken, too.
  await eventually(() => {
    expect(file.state.problems).toHaveLength(1);
    expect(lines.join()).toMatch(
      /demo\.flagd\.json:\d+: flags\.fault\.defaultVariant: there is no variant \\"maybe\\"/,
    );
  });
  expect(value()).toBe(true);
  await writeFile(path, textOf("off"));
  await eventually(() => expect(value()).toBe(false));
  expect(file.state.problems).toEqual([]);
});

it("a file that goes leaves flags as they were", async () => {
  const { path, value } = await openFile(textOf("on"));
  await rm(path);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(value()).toBe(true);
  await writeFile(path, textOf("off"));
  await eventually(() => expect(value()).toBe(false));
});

it("is not opened when it is not there, or broken from the start", async () => {
  const { path, log } = await someFile("{}");
  await expect(FlagFile.open(path, log)).rejects.toThrow(/demo\.flagd\.json:1: /);
  await expect(FlagFile.open(`${path}x`, log)).rejects.toThrow(/cannot be read.*ENOENT/);
});

it("is written as a whole, and only when it is as the writer has seen it", async () => {
  const { folder, path, file, value } = await openFile();
  const seen = file.state.version;
  await writeFile(path, textOf("on"));
  const mine = flagDocumentText(documentOf("off", "mine"));
  expect(await file.write(mine, { expected: seen })).toMatchObject({ kind: "conflict" });
  expect(value()).toBe(true);
  expect(await file.write(mine, { expected: file.state.version })).toMatchObject({ kind: "written" });
  expect(await readFile(path, "utf8")).toBe(mine);
  expect(await readdir(folder)).toEqual(["demo.flagd.json"]);
});

it("refuses what is no document of flags, with all reasons, and keeps the file", async () => {
  const { path, file } = await openFile();
  expect(await file.write('{"flags": {"a": {}}}')).toMatchObject({
    kind: "invalid",
    problems: [{ line: 1, path: "flags.a" }],
  });
  expect(await readFile(path, "utf8")).toBe(textOf("off"));
});

it("loses no change of many who make one at a time", async () => {
  const { file } = await openFile();
  const keys = Array.from({ length: 20 }, (_, index) => `flag${index}`);
  await Promise.all(
    keys.map((key) =>
      file.update(({ flags, ...rest }) => ({ ...rest, flags: { ...flags, ...documentOf("on", key).flags } })),
    ),
  );
  expect(Object.keys(file.set.document.flags).sort()).toEqual(["fault", ...keys].sort());
});
