import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { type Engine, EngineError } from "./engine.ts";
import { enginesFolder, installEngine } from "./installation.ts";
import { runProgram } from "./run-program.ts";
import { java, type Tool } from "./tools.ts";

const node: Tool = { ...java, program: process.execPath, versionArgs: ["--version"], version: /v(\d+)/, atLeast: 20 };

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-engines-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An engine that is one file, copied from its recipe. */
async function engine(changes: Partial<Engine> = {}): Promise<{ engine: Engine; folder: string; recipe: string }> {
  const folder = await temporaryFolder();
  const recipe = join(await temporaryFolder(), "recipe");
  await writeFile(recipe, "1");
  return {
    folder,
    recipe,
    engine: {
      name: "clockwork",
      version: "1.0.0",
      purpose: "to be tested",
      withoutIt: "nothing is tested",
      installsWith: [node],
      runsWith: [],
      recipe: [pathToFileURL(recipe)],
      ports: {},
      install: async (to) => writeFile(join(to, "wheel"), await readFile(recipe)),
      prepare: () => Promise.reject(new Error("It is not run")),
      ...changes,
    },
  };
}

const silent = { doing() {} };

test("an engine is installed once, and anew when its recipe changes", async () => {
  let installed = 0;
  const { engine: clockwork, folder, recipe } = await engine();
  const counted: Engine = {
    ...clockwork,
    async install(...args) {
      installed++;
      await clockwork.install(...args);
    },
  };
  const home = await installEngine(counted, folder, silent);
  expect(await readFile(join(home, "wheel"), "utf8")).toBe("1");
  expect(await installEngine(counted, folder, silent)).toBe(home);
  expect(installed).toBe(1);
  await writeFile(recipe, "2");
  const other = await installEngine(counted, folder, silent);
  expect(other).not.toBe(home);
  expect(await readFile(join(other, "wheel"), "utf8")).toBe("2");
});

test("two that install at once both get a whole engine", async () => {
  const { engine: clockwork, folder } = await engine();
  const program = `
    import { installEngine } from ${JSON.stringify(new URL("./installation.ts", import.meta.url).href)};
    import { writeFile } from "node:fs/promises";
    const { recipe, folder, ...engine } = JSON.parse(process.argv[1]);
    await installEngine({ ...engine, installsWith: [], recipe: [new URL(recipe)],
      install: (to) => writeFile(to + "/wheel", "1") }, folder, { doing() {} });`;
  const argument = JSON.stringify({ ...clockwork, recipe: clockwork.recipe[0], folder });
  const run = () =>
    runProgram(process.execPath, ["--input-type=module-typescript", "-e", program, argument], {
      cwd: folder,
      output() {},
      complaint: /(.*Error.*)/,
    });
  await Promise.all([run(), run(), run()]);
  const names = (await readdir(folder)).filter((name) => !name.endsWith(".log"));
  expect(names).toEqual([expect.stringMatching(/^clockwork-1\.0\.0-[0-9a-f]{8}$/)]);
});

test("an installation that fails leaves nothing behind but what was said", async () => {
  const { engine: failing, folder } = await engine({
    async install(to, { output }) {
      await writeFile(join(to, "half"), "");
      output("fetching\n");
      throw new EngineError("The registry does not answer.");
    },
  });
  await expect(installEngine(failing, folder, silent)).rejects.toThrow(/^The registry does not answer\. .*\.log\.$/);
  expect(await readdir(folder)).toEqual(["clockwork-1.0.0.log"]);
  expect(await readFile(join(folder, "clockwork-1.0.0.log"), "utf8")).toBe("fetching\n");
});

test("what a killed installation left is removed by the next", async () => {
  const { engine: clockwork, folder } = await engine();
  const { pid = 0 } = await ended();
  const abandoned = join(folder, `.clockwork-1.0.0.${pid}`);
  await mkdir(abandoned);
  await installEngine(clockwork, folder, silent);
  expect(existsSync(abandoned)).toBe(false);
});

test("a missing program is one clear line", async () => {
  const absent: Tool = { ...node, program: "orrery-no-such-program", from: "nowhere" };
  const { engine: needy, folder } = await engine({ installsWith: [absent], runsWith: [{ ...node, atLeast: 999 }] });
  await expect(installEngine(needy, folder, silent)).rejects.toThrow(
    /^orrery-no-such-program 20 or newer \(nowhere\) is not installed, and .*999 or newer .* this machine has \d+\.$/,
  );
});

test("engines are kept where the environment says, else in the user's cache", () => {
  expect(enginesFolder({ ORRERY_ENGINES_DIR: "/srv/engines", XDG_CACHE_HOME: "/x" })).toBe("/srv/engines");
  expect(enginesFolder({ XDG_CACHE_HOME: "/x" })).toBe("/x/orrery/engines");
  expect(enginesFolder({})).toBe(join(homedir(), ".cache/orrery/engines"));
});

/** A process that is over. */
async function ended(): Promise<{ readonly pid?: number | undefined }> {
  const child = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => child.once("exit", resolve));
  return child;
}
