import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "vitest";
import { eventually } from "./eventually.ts";

const main = join(import.meta.dirname, "../src/main.ts");

/** The program itself, as a process of its own. */
export class OrreryProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #out = "";
  #err = "";

  /** Starts it with these arguments, and nothing of the test's environment but what a program needs to run. */
  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const { PATH = "", HOME = "", TMPDIR } = process.env;
    this.#child = spawn(process.execPath, [main, ...args], {
      env: { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.on("data", (chunk) => {
      this.#out += chunk;
    });
    this.#child.stderr?.on("data", (chunk) => {
      this.#err += chunk;
    });
    this.#ended = once(this.#child, "close");
  }

  get out(): string {
    return this.#out;
  }

  get err(): string {
    return this.#err;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until the output matches. */
  async says(pattern: RegExp, withinMs = 30_000): Promise<RegExpExecArray> {
    return eventually(() => {
      const match = pattern.exec(this.#out);
      if (match !== null) return match;
      const state = this.#child.exitCode === null ? "runs" : `ended with ${this.#child.exitCode}`;
      throw new Error(`It does not say ${pattern}; it ${state}: ${this.#out}${this.#err}`);
    }, withinMs);
  }

  /** Sends SIGTERM; resolves with how long it took to the end, in milliseconds. */
  async terminate(): Promise<number> {
    const begun = performance.now();
    this.#child.kill("SIGTERM");
    await this.#ended;
    expect(this.#child.exitCode, this.#out + this.#err).toBe(0);
    return performance.now() - begun;
  }

  /** Sends SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Waits until it ends by itself; its exit code. */
  async ends(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  /** Waits until it ends by itself; what it wrote to standard error, line by line. */
  async fails(): Promise<readonly string[]> {
    await this.#ended;
    expect(this.#child.exitCode, this.#out + this.#err).toBe(1);
    return this.#err.split("\n").filter((line) => line.trim() !== "");
  }
}
