import { chmod, copyFile, cp, mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { EngineError, type InstallProgress } from "./engine.ts";
import { runProgram } from "./run-program.ts";

/** Programs in a Go module, and how they are built. */
export interface GoPrograms {
  /** `github.com/prometheus/prometheus`. */
  readonly module: string;
  /** As the module proxy has it: `v0.315.0`. */
  readonly moduleVersion: string;
  /** A go.mod that requires the module, and the go.sum with its hash. */
  readonly mod: URL;
  readonly sum: URL;
  /** What the programs shall say that they are, and the variable that has it. */
  readonly version: string;
  readonly versionVariable?: string;
  /** Folders below `cmd/`. */
  readonly programs: readonly string[];
  readonly tags?: readonly string[];
  /** Adds to the module's source what it is not shipped with. */
  complete?(source: string): Promise<void>;
}

/**
 * Builds programs into a folder. The module comes by the user's own GOPROXY and is compared with the committed hash; its
 * own go.sum, which is part of it, has those of everything that it needs.
 */
export async function buildGoPrograms(
  {
    module,
    moduleVersion,
    mod,
    sum,
    version,
    versionVariable = "github.com/prometheus/common/version.Version",
    programs,
    tags = [],
    complete,
  }: GoPrograms,
  folder: string,
  progress: InstallProgress,
): Promise<void> {
  const pin = join(folder, "pin");
  const source = join(folder, "source");

  progress.doing(`fetching ${module}`);
  await mkdir(pin);
  await copyFile(mod, join(pin, "go.mod"));
  await copyFile(sum, join(pin, "go.sum"));
  const told = await runGo(["mod", "download", "-json", `${module}@${moduleVersion}`], pin, progress);
  const downloaded = /"Dir": "(.+?)"/.exec(told);
  if (downloaded?.[1] === undefined) throw new EngineError(`go mod download did not say where ${module} is.`);
  // A copy, because Go's own is read-only for all projects.
  await cp(downloaded[1], source, { recursive: true });
  await makeWritable(source);
  await complete?.(source);

  for (const program of programs) {
    progress.doing(`building ${program}`);
    await runGo(
      [
        ...build,
        `-tags=${tags.join(",")}`,
        `-ldflags=-s -w -X ${versionVariable}=${version}`,
        `-o=${join(folder, program)}`,
        `./cmd/${program}`,
      ],
      source,
      progress,
    );
  }
  await rm(source, { recursive: true });
  await rm(pin, { recursive: true });
}

/** Builds a program whose source, go.mod and go.sum are files of ours, into a folder. */
export async function buildOwnGoProgram(
  { program, files }: { readonly program: string; readonly files: readonly URL[] },
  folder: string,
  progress: InstallProgress,
): Promise<void> {
  const source = join(folder, "source");
  await mkdir(source);
  for (const file of files) await copyFile(file, join(source, basename(file.pathname)));
  progress.doing(`building ${program}`);
  await runGo([...build, "-ldflags=-s -w", `-o=${join(folder, program)}`, "."], source, progress);
  await rm(source, { recursive: true });
}

// A compiler and a linker take some hundred megabytes each.
const build = ["build", "-p=2", "-trimpath"] as const;

async function runGo(args: readonly string[], cwd: string, progress: InstallProgress): Promise<string> {
  let said = "";
  await runProgram("go", args, {
    cwd,
    // A workspace file names folders that are not in the module.
    environment: { GOWORK: "off", CGO_ENABLED: "0" },
    complaint: /^(?:go: (?!downloading)|\s*"Error": ")(.+?)"?$/m,
    output(chunk) {
      said += chunk;
      progress.output(chunk);
    },
  });
  return said;
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
  }
}
