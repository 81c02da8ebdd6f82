import { spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** A program that has failed, and what it said last. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** Runs a program in the repository; resolves with what it printed. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly environment?: Readonly<Record<string, string>>; readonly input?: NodeJS.ReadableStream } = {},
): Promise<string> {
  const { environment, input } = options;
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  let out = "";
  let all = "";
  child.stdout?.on("data", (chunk) => {
    out += chunk;
    all += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    all += chunk;
  });
  if (child.stdin !== null) input?.pipe(child.stdin);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (cause) => reject(new CommandError(`${program} cannot be run: ${cause.message}`, { cause })));
    child.once("close", resolve);
  });
  if (code === 0) return out;
  throw new CommandError(`${program} ${args.join(" ")} ended with ${code}:\n${all.trim().slice(-3_000)}`);
}

export function docker(...args: readonly string[]): Promise<string> {
  return run("docker", args);
}

/** Docker Compose 2 or newer, as Docker's plugin or by itself. */
export async function findCompose(): Promise<readonly string[] | undefined> {
  for (const command of [["docker", "compose"], ["docker-compose"]]) {
    const [program = "", ...args] = command;
    const version = await run(program, [...args, "version", "--short"]).catch(() => "");
    if (Number(/\d+/.exec(version)?.[0]) >= 2) return command;
  }
  return undefined;
}
