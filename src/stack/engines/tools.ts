import { spawn } from "node:child_process";

/** A program that must be on the machine already. */
export interface Tool {
  readonly program: string;
  readonly versionArgs: readonly string[];
  /** Finds the version that counts in what the program says of itself. */
  readonly version: RegExp;
  readonly atLeast: number;
  /** What stands before the number that counts: `1.` of Go 1.26. */
  readonly before?: string;
  /** Where people get it. */
  readonly from: string;
}

export const java: Tool = {
  program: "java",
  versionArgs: ["-version"],
  // `openjdk version "17.0.15"`; up to Java 8 it was "1.8".
  version: /version "(?:1\.)?(\d+)/,
  atLeast: 17,
  from: "a Java runtime such as openjdk-17-jre-headless",
};

export const maven: Tool = {
  program: "mvn",
  versionArgs: ["-version"],
  version: /Apache Maven (\d+)/,
  atLeast: 3,
  from: "Apache Maven",
};

export const pip: Tool = {
  program: "pip3",
  versionArgs: ["--version"],
  version: /^pip (\d+)/m,
  atLeast: 20,
  from: "Python's installer, such as python3-pip",
};

export const unzip: Tool = {
  program: "unzip",
  versionArgs: ["-v"],
  version: /^UnZip (\d+)/m,
  atLeast: 5,
  from: "Info-ZIP's unzip",
};

export const go: Tool = {
  program: "go",
  versionArgs: ["version"],
  // `go version go1.26.1 linux/amd64`; since 1.21 it fetches the version that a module asks for.
  version: /go1\.(\d+)/,
  atLeast: 21,
  before: "1.",
  from: "https://go.dev/dl",
};

/** What is missing, one phrase each; empty when everything is there. */
export async function missingTools(tools: readonly Tool[]): Promise<readonly string[]> {
  const answers = await Promise.all(tools.map(missing));
  return answers.filter((answer) => answer !== undefined);
}

async function missing(tool: Tool): Promise<string | undefined> {
  const { program, versionArgs, version, atLeast, before = "", from } = tool;
  const wanted = `${program} ${before}${atLeast} or newer (${from})`;
  const said = await output(program, versionArgs);
  if (said === undefined) return `${wanted} is not installed`;
  const found = Number(version.exec(said)?.[1]);
  return found >= atLeast ? undefined : `${wanted} is needed; this machine has ${before}${found}`;
}

function output(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 20_000 });
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
    });
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    child.once("error", () => resolve(undefined));
    child.once("close", () => resolve(said));
  });
}
