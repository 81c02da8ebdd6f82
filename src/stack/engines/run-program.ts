import { spawn } from "node:child_process";
import { EngineError } from "./engine.ts";

/** Runs a program to its end; `output` takes what it prints. @throws EngineError when it fails, with its last words */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    /** Beside that of this process. */
    readonly environment?: Readonly<Record<string, string>>;
    readonly output: (chunk: string) => void;
    /** Finds the line that tells why it failed. */
    readonly complaint: RegExp;
  },
): Promise<void> {
  let said = "";
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const take = (chunk: Buffer) => {
      said += chunk;
      options.output(chunk.toString());
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code === 0) return;
  const why = options.complaint.exec(said)?.[1]?.trim() ?? said.trim().split("\n").at(-1) ?? "";
  throw new EngineError(`${program} ended with status ${code}: ${why.slice(0, 300)}`);
}
