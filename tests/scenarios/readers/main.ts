// npm run test:readers: a recording, read by the benchmarks' own readers. It takes Python 3.12 and PyPI.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordScenario } from "../recorded-scenario.ts";

const here = import.meta.dirname;
const folder = await mkdtemp(join(tmpdir(), "orrery-readers-"));
try {
  const environment = join(folder, "venv");
  const python = join(environment, "bin", "python");
  const recording = join(folder, "recording");
  await run(process.env.PYTHON ?? "python3.12", "-m", "venv", environment);
  await run(python, "-m", "pip", "install", "--quiet", "--requirement", join(here, "requirements.txt"));
  await recordScenario(recording);
  await run(python, join(here, "read_recording.py"), recording);
  process.stdout.write("Every reader has read the recording.\n");
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function run(program: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}`);
}
