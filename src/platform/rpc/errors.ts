import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";

/** A declared error of a service: what clients may rely on. */
export interface ErrorKind {
  /** Stable, UPPER_SNAKE_CASE; sent as `google.rpc.ErrorInfo.reason`. */
  readonly reason: string;
  readonly code: Code;
  /** When it happens and what the caller may do, for the documentation. */
  readonly meaning: string;
  /** It tells of a failure, although its code is that of an answer: see {@link isFailure}. */
  readonly isFailure?: true;
}

/** The `google.rpc.ErrorInfo.domain` of all our errors. */
export const errorDomain = "oteldemo";

/**
 * Codes that tell of a failure rather than of the request. The others, of a declined card say, are answers: they leave
 * spans without error on both sides, where the conventions would mark the client's.
 */
export const faults: readonly Code[] = [
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
];

/** The error table of a service, its keys being the reasons. */
export function defineErrors<const T extends Record<string, Omit<ErrorKind, "reason">>>(
  table: T,
): { readonly [K in keyof T]: ErrorKind } {
  const kinds = Object.entries(table).map(([reason, kind]) => [reason, { reason, ...kind }]);
  return Object.fromEntries(kinds) as { [K in keyof T]: ErrorKind };
}

/** Errors that every service may answer with. */
export const platformErrors = defineErrors({
  INVALID_REQUEST: {
    code: Code.InvalidArgument,
    meaning: "The request breaks a rule of the contract; the violations are in the details. Do not repeat it as it is.",
  },
  BODY_TOO_LARGE: {
    code: Code.InvalidArgument,
    meaning: "The body of an HTTP request is larger than what is taken. Do not repeat it as it is.",
  },
  OVERLOADED: {
    code: Code.ResourceExhausted,
    meaning: "More calls are being served than the service takes at once. Repeat it later.",
  },
  RATE_LIMITED: {
    code: Code.ResourceExhausted,
    meaning: "The front proxy of the mesh takes no more requests from one client at the moment. Repeat it in a second.",
  },
  DEADLINE_EXCEEDED: {
    code: Code.DeadlineExceeded,
    meaning: "The answer did not come in time. It is not known whether the call had an effect.",
  },
  STORE_UNAVAILABLE: {
    code: Code.Unavailable,
    meaning: "The service's database does not answer, or has no room to write. Repeat it later.",
  },
  SERVICE_UNAVAILABLE: {
    code: Code.Unavailable,
    meaning: "The service, or one that it needs, cannot be reached. Repeat it later.",
  },
  METHOD_NOT_PUBLIC: {
    code: Code.PermissionDenied,
    meaning: "The method is for the other services only; the public port does not take it.",
  },
  INTERNAL: {
    code: Code.Internal,
    meaning: "A defect of ours. The log tells more.",
  },
});

/**
 * The error to throw in an RPC handler.
 *
 * @param message what was wrong, with which value, and what would be right; shown to callers
 * @param options.metadata values that the error is about, for programs
 * @param options.cause kept for the log, never sent
 */
export function rpcError(
  kind: ErrorKind,
  message: string,
  options: { readonly metadata?: Readonly<Record<string, string>>; readonly cause?: unknown } = {},
): ConnectError {
  const info = {
    desc: ErrorInfoSchema,
    value: {
      reason: kind.reason,
      domain: errorDomain,
      metadata: { ...options.metadata, ...(kind.isFailure ? { [failureKey]: "true" } : {}) },
    },
  };
  return new ConnectError(message, kind.code, undefined, [info], options.cause);
}

/** What an error says of itself to programs, or undefined when it carries no ErrorInfo. */
export function errorInfo(
  error: unknown,
): { readonly reason: string; readonly metadata: Readonly<Record<string, string>> } | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  return error.findDetails(ErrorInfoSchema)[0];
}

/** In the metadata of an error that is declared as a failure. */
const failureKey = "failure";

/** Whether an error tells of a failure rather than of the request, on either side of a network. */
export function isFailure(error: ConnectError): boolean {
  return faults.includes(error.code) || errorInfo(error)?.metadata[failureKey] === "true";
}

/** Whether an error is the declared one. */
export function isErrorKind(error: unknown, kind: ErrorKind): boolean {
  return errorInfo(error)?.reason === kind.reason;
}

const pushbackHeader = "grpc-retry-pushback-ms";

/**
 * Marks an error as not worth another attempt upstream, because retries were already spent on it further down, or
 * because it is made on purpose and shall be seen (gRPC's server pushback, https://github.com/grpc/proposal/blob/master/A6-client-retries.md).
 */
export function markRetriesSpent(error: ConnectError): ConnectError {
  error.metadata.set(pushbackHeader, "-1");
  return error;
}

/** Whether the error, or what caused it, was marked by {@link markRetriesSpent}. */
export function areRetriesSpent(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if (cause instanceof ConnectError && cause.metadata.get(pushbackHeader)?.startsWith("-")) return true;
  }
  return false;
}
