import { type FieldPathElement, ViolationsSchema } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorInfo, platformErrors } from "../rpc/errors.ts";
import type { HttpResponse } from "../rpc/rpc-handler.ts";

/** RFC 9457 problem details, with our stable `reason`. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  /** What was wrong, fit to show to people. */
  readonly detail?: string;
  readonly reason?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

const statusOf: Readonly<Partial<Record<Code, number>>> = {
  [Code.Canceled]: 499,
  [Code.InvalidArgument]: 400,
  [Code.OutOfRange]: 400,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.Aborted]: 409,
  [Code.FailedPrecondition]: 409,
  [Code.PermissionDenied]: 403,
  [Code.Unauthenticated]: 401,
  [Code.ResourceExhausted]: 429,
  [Code.Unimplemented]: 501,
  [Code.Unavailable]: 503,
  [Code.DeadlineExceeded]: 504,
};

const titles: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Unauthorized",
  402: "Payment declined",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  408: "Request timeout",
  409: "Conflict",
  413: "Content too large",
  415: "Unsupported media type",
  429: "Too many requests",
  499: "Client closed request",
  500: "Internal server error",
  501: "Not implemented",
  503: "Service unavailable",
  504: "Gateway timeout",
};

/** The usual title of a status. */
export function titleOf(status: number): string {
  return titles[status] ?? "Error";
}

/** An RPC error as a problem; anything else is a defect of ours and tells nothing. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof ConnectError)) {
    return {
      status: 500,
      title: titleOf(500),
      detail: "Something went wrong on our side.",
      reason: platformErrors.INTERNAL.reason,
    };
  }
  const info = errorInfo(error);
  const reason = info?.reason ?? reasonOf(error.code);
  const status = statusOfReason(reason) ?? statusOf[error.code] ?? 500;
  const violations = error.findDetails(ViolationsSchema)[0]?.violations ?? [];
  return {
    status,
    title: titleOf(status),
    detail: info === undefined && status >= 500 ? plainWords(status) : error.rawMessage,
    reason,
    ...(violations.length === 0
      ? {}
      : {
          errors: violations.map((violation) => ({
            field: fieldPath(violation.field?.elements ?? []),
            message: violation.message,
          })),
        }),
  };
}

function statusOfReason(reason: string): number | undefined {
  if (reason.startsWith("CARD_")) return 402;
  return reason === platformErrors.BODY_TOO_LARGE.reason ? 413 : undefined;
}

/** `items[2].product_id` */
function fieldPath(elements: readonly FieldPathElement[]): string {
  const index = ({ subscript }: FieldPathElement) => (subscript.case === "index" ? `[${subscript.value}]` : "");
  return elements.map((element) => element.fieldName + index(element)).join(".");
}

function reasonOf(code: Code): string {
  if (code === Code.Unavailable) return platformErrors.SERVICE_UNAVAILABLE.reason;
  if (code === Code.DeadlineExceeded) return platformErrors.DEADLINE_EXCEEDED.reason;
  if (code === Code.InvalidArgument) return platformErrors.INVALID_REQUEST.reason;
  if (code === Code.ResourceExhausted) return platformErrors.OVERLOADED.reason;
  return Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

function plainWords(status: number): string {
  if (status === 503) return "A part of the shop cannot be reached at the moment; try again in a little while.";
  if (status === 504) return "The answer did not come in time; try again in a little while.";
  return "Something went wrong on our side.";
}

/** Answers with `application/problem+json`, unless an answer is already under way. */
export function sendProblem(response: HttpResponse, problem: Problem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify({ type: "about:blank", ...problem });
  response.statusCode = problem.status === 499 ? 400 : problem.status;
  response.setHeader("content-type", "application/problem+json");
  response.setHeader("content-length", Buffer.byteLength(body));
  response.end(body);
}
