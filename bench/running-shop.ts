import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { freePort } from "../src/platform/lifecycle/free-port.ts";

/** The shop as `npm start` runs it, in a process of its own. */
export interface RunningShop {
  readonly url: string;
  readonly pid: number;
  /** From the start of the process to the first answer, in milliseconds. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

const root = new URL("../", import.meta.url);

export async function runShop(
  dataDir: string,
  options: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningShop> {
  const port = await freePort();
  const { scripts } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    scripts: Record<"start", string>;
  };
  const command = /exec (.*)$/.exec(scripts.start)?.[1];
  if (command === undefined) throw new Error("package.json starts the shop in a way that is not understood");
  const begun = performance.now();
  const child = spawn(
    "sh",
    ["-c", `exec ${command} --no-load --port ${port} --data-dir "${dataDir}" ${options.join(" ")}`],
    {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const url = `http://127.0.0.1:${port}`;
  await untilAnswers(`${url}/api/products`, child);
  return {
    url,
    pid: child.pid ?? 0,
    readyMs: performance.now() - begun,
    stop: () =>
      new Promise<void>((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
}

async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
  const until = performance.now() + 60_000;
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`The shop ended with ${child.exitCode}`);
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  throw new Error(`${url} did not answer within a minute`);
}
