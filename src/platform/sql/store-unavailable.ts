const codes = new Set([
  // postgres.js
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  // the system
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  // a container that has gone
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  // PostgreSQL, https://www.postgresql.org/docs/18/errcodes-appendix.html
  "57P01",
  "57P02",
  "57P03",
  "53300",
]);

/** How the system words it, and how PostgreSQL passes it on. */
export const noSpaceLeft = /No space left on device|Disk quota exceeded/i;

/** disk_full, as PostgreSQL tells most of the time. */
const diskFull = "53100";
/** What PostgreSQL calls a write that failed, whatever the reason: io_error and internal_error. */
const writeErrors = new Set<unknown>(["58030", "XX000"]);

/** What stores fail with that have no codes of their own for it. */
export class StoreUnavailableError extends Error {
  override readonly name: string = "StoreUnavailableError";
}

/** Whether an error means that PostgreSQL has no room to write. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === diskFull || (writeErrors.has(error.code) && noSpaceLeft.test(error.message));
}

/** Whether an error means that the database cannot be reached or is not taking work now, rather than a refused query. */
export function isStoreUnavailable(error: unknown): boolean {
  if (error instanceof StoreUnavailableError) return true;
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? error.code : undefined;
  const syscall = "syscall" in error ? error.syscall : undefined;
  if (code === "ENOENT") return syscall === "connect";
  return (typeof code === "string" && codes.has(code)) || isDiskFull(error);
}
