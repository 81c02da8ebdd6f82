/** Why the embedded PostgreSQL could not be started. */
export type EmbeddedPostgresFailure =
  | "unsupported-platform"
  | "folder-in-use"
  | "folder-unwritable"
  | "folder-corrupt"
  | "wrong-version"
  | "disk-full"
  | "not-started";

/** A start that failed. The message is for the person at the terminal; nothing was deleted. */
export class EmbeddedPostgresError extends Error {
  override readonly name: string = "EmbeddedPostgresError";
  readonly reason: EmbeddedPostgresFailure;

  constructor(reason: EmbeddedPostgresFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Another live process owns the folder. */
export class DataFolderInUseError extends EmbeddedPostgresError {
  override readonly name = "DataFolderInUseError";
  readonly dataDir: string;
  /** Process id of the owner. */
  readonly pid: number;
  /** What the owner said it serves. */
  readonly owner: string;

  constructor(dataDir: string, pid: number, owner: string) {
    super(
      "folder-in-use",
      `${dataDir} is in use by process ${pid} (${owner}): stop that process, or choose another data folder`,
    );
    this.dataDir = dataDir;
    this.pid = pid;
    this.owner = owner;
  }
}

/** The code of a Node system error, such as `ENOENT`. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
