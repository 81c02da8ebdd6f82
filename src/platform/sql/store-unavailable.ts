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
  "53100",
]);

/** What stores fail with that have no codes of their own for it. */
export class StoreUnavailableError extends Error {
  override readonly name: string = "StoreUnavailableError";
}

/** Whether an error means that the database cannot be reached or is not taking work now, rather than a refused query. */
export function isStoreUnavailable(error: unknown): boolean {
  if (error instanceof StoreUnavailableError) return true;
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? error.code : undefined;
  const syscall = "syscall" in error ? error.syscall : undefined;
  if (code === "ENOENT") return syscall === "connect";
  return typeof code === "string" && codes.has(code);
}
