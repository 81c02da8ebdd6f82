import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { EmbeddedPostgresError } from "./errors.ts";

/** The operating system user that runs the server. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Whether it differs from the user of this process: then its files have to be handed to it. */
  readonly foreign: boolean;
}

/**
 * PostgreSQL refuses to run as root, so root lends it another account: the owner of an existing cluster, else
 * `postgres`, else `nobody` (initdb wants an account with a passwd entry). Everyone else runs it as themselves.
 */
export function serverAccount(clusterDir?: string): Account {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  if (uid !== 0) {
    return { name: `uid ${uid}`, uid, gid, foreign: false };
  }
  const owner = clusterDir === undefined ? undefined : statSync(clusterDir, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) {
    return { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid, foreign: true };
  }
  const passwd = readFileSync("/etc/passwd", "utf8");
  for (const name of ["postgres", "_postgres", "nobody"]) {
    const entry = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, "m").exec(passwd);
    if (entry) {
      return { name, uid: Number(entry[1]), gid: Number(entry[2]), foreign: true };
    }
  }
  throw new EmbeddedPostgresError(
    "unsupported-platform",
    "PostgreSQL does not run as root and this system has neither a user postgres nor a user nobody: start as an ordinary user",
  );
}

/** Whether the account may enter the folder and every folder above it, judged by the permission bits. */
export function canEnter(account: Account, folder: string): boolean {
  if (!account.foreign) {
    return true;
  }
  let path = realpathSync(folder);
  for (;;) {
    const { mode, uid, gid } = statSync(path);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if (((mode >> shift) & 0o1) === 0) {
      return false;
    }
    const parent = dirname(path);
    if (parent === path) {
      return true;
    }
    path = parent;
  }
}
