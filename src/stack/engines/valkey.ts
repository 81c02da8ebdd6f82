import { existsSync } from "node:fs";
import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { type Engine, EngineError } from "./engine.ts";
import { runProgram } from "./run-program.ts";

const configuration = new URL("../../../otel/valkey/valkey.conf", import.meta.url);

/** In the order of preference; the second is what Valkey has grown from, and does for carts what Valkey does. */
const programs = ["valkey-server", "redis-server"];
/** What the two need beside the C library, as far as the distribution has it. */
const libraries = [
  "libjemalloc2",
  "liblua5.1-0",
  "lua-cjson",
  "lua-bitop",
  "liblzf1",
  "libatomic1",
  "libhiredis0.14",
  "libhiredis1.1.0",
  "libfpconv1",
];

/** Valkey, or where there is none the Redis of the distribution. */
export const valkey: Engine = {
  name: "valkey",
  version: "1",
  purpose: "keeps carts",
  withoutIt: "carts are kept in PostgreSQL",
  installsWith: [],
  runsWith: [],
  recipe: [new URL(import.meta.url)],
  ports: { server: 6379 },

  async install(folder, progress) {
    const onPath = programs.map(findProgram).find((found) => found !== undefined);
    if (onPath !== undefined) {
      await symlink(onPath, join(folder, "server"));
      return;
    }
    if (findProgram("apt-get") === undefined || findProgram("dpkg-deb") === undefined) {
      throw new EngineError(
        "neither valkey-server nor redis-server is installed, nor apt-get to fetch one: install one.",
      );
    }
    progress.doing("fetching packages with apt-get");
    const run = (program: string, args: readonly string[]) =>
      runProgram(program, args, { cwd: folder, output: (chunk) => progress.output(chunk), complaint: /^E: (.+)$/m });
    const isThere = (name: string) =>
      run("apt-cache", ["show", "--quiet=2", name]).then(
        () => true,
        () => false,
      );
    let program: string | undefined;
    for (const name of programs) if (await isThere(name)) program ??= name;
    if (program === undefined) {
      throw new EngineError("the package sources have neither valkey-server nor redis-server: run apt-get update.");
    }
    const wanted = [program, program.replace("-server", "-tools")];
    for (const name of libraries) if (await isThere(name)) wanted.push(name);
    // Downloaded and unpacked, not installed: the system stays as it is.
    await run("apt-get", ["download", "-o", "APT::Sandbox::User=root", ...wanted]);
    const packages = (await readdir(folder)).filter((name) => name.endsWith(".deb"));
    for (const name of packages) await run("dpkg-deb", ["-x", name, "."]);
    await symlink(join("usr", "bin", program), join(folder, "server"));
  },

  async prepare({ home, dataDir, ports, settings }) {
    const own = { bind: "127.0.0.1", port: String(ports.server), dir: dataDir, daemonize: "no", ...settings };
    const file = join(dataDir, "valkey.conf");
    const lines = Object.entries(own).map(([name, value]) => `${name} ${JSON.stringify(value)}\n`);
    // What comes later in the file counts.
    await writeFile(file, `${await readFile(configuration, "utf8")}\n${lines.join("")}`);
    return {
      program: join(home, "server"),
      args: [file],
      environment: { LD_LIBRARY_PATH: await libraryPath(join(home, "usr", "lib")) },
      isReady: (output) => output.includes("Ready to accept connections"),
      readyWithinMs: 20_000,
      stopWithinMs: 10_000,
    };
  },
};

function findProgram(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

async function libraryPath(folder: string): Promise<string> {
  const found = existsSync(folder) ? await readdir(folder, { withFileTypes: true }) : [];
  const own = found.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  return [...own, ...(process.env.LD_LIBRARY_PATH?.split(delimiter) ?? [])].join(delimiter);
}
