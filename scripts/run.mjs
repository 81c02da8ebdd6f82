// Starts a command of this project on a machine that has nothing but Node (20 or newer) and npm: sees to Node 24, the
// dependencies and the web bundle, then hands over. Plain JavaScript without dependencies, for it runs before there are any.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { SetupError } from "./setup/error.mjs";
import { ensureNode } from "./setup/node.mjs";
import { environment, root } from "./setup/place.mjs";
import { buildWeb, ensureWeb } from "./setup/web.mjs";

const bin = (name) => join(root, "node_modules", ".bin", name);

/** What each command runs, and whether it wants the web bundle; `file` is run by Node 24. */
const commands = {
  up: { file: "src/main.ts", first: ["up"], web: true },
  orrery: { file: "src/main.ts", web: true },
  test: { file: "node_modules/vitest/vitest.mjs", first: ["run"], web: true },
  check: { file: "scripts/check.mjs" },
  bench: { file: "bench/main.ts", web: true },
  generate: { file: bin("buf"), first: ["generate"] },
  "build:web": {},
  "test:clients": { file: "tests/clients/main.ts" },
};

async function main([name, ...args]) {
  if (process.platform === "win32") {
    throw new SetupError("Windows is supported through WSL: run this command in a WSL terminal.");
  }
  if (Number(process.versions.node.split(".")[0]) < 20) {
    throw new SetupError(`Node ${process.versions.node} is too old: install Node 20 or newer.`);
  }
  const command = commands[name];
  if (command === undefined) {
    throw new SetupError(`There is no command ${name ?? "without a name"}: use ${Object.keys(commands).join(", ")}.`);
  }
  const node = await ensureNode();
  await ensureDependencies(node);
  if (name === "build:web") {
    await buildWeb(node);
    return 0;
  }
  if (command.web && !args.includes("--help") && !args.includes("-h")) {
    await ensureWeb(node);
  }
  if (!existsSync(join(root, command.file))) {
    throw new SetupError(`${command.file} is missing: this checkout has no ${name}.`);
  }
  return await handOver(node, [command.file, ...(command.first ?? []), ...args]);
}

/**
 * Runs the command to its end and resolves to its exit code. On a terminal Ctrl-C reaches every process of the group,
 * and npm passes its own copy on as well: the command gets the terminal's only. A signal that was sent to one process,
 * as `kill` does it, is passed on, once.
 */
async function handOver(node, args) {
  const child = spawn(node, args, { cwd: root, env: environment(node), stdio: "inherit" });
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const sent = new Set();
  const pass = (signal) => {
    if (sent.has(signal)) {
      return;
    }
    sent.add(signal);
    setTimeout(() => sent.delete(signal), 500).unref();
    child.kill(signal);
  };
  process.on("SIGINT", () => onTerminal || pass("SIGINT"));
  process.on("SIGTERM", () => pass("SIGTERM"));
  process.on("SIGHUP", () => pass("SIGHUP"));
  if (process.env.npm_lifecycle_event !== undefined) {
    // Older shells stand between npm and this process and do not pass signals on: they just end.
    const parent = process.ppid;
    setInterval(() => process.ppid === parent || pass("SIGTERM"), 1000).unref();
  }
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}
