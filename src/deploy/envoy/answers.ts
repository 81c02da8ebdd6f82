import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../../gen/google/rpc/status_pb.ts";
import { titleOf } from "../../platform/http/problem.ts";
import { type ErrorKind, errorDomain, platformErrors } from "../../platform/rpc/errors.ts";
import { noted, Shared, type Yaml } from "../yaml.ts";

/** What the proxy says by itself, without a service. */
export interface Answer {
  /** Of HTTP; gRPC is told `code`. */
  readonly status: number;
  readonly code: Code;
  readonly reason?: string;
  readonly detail: string;
}

/** An answer that also stands for another status. */
type Failure = Answer & { readonly also?: number };

/** The path of an RPC, as a regular expression. */
export const rpcPath = "/[a-z][\\w.]*\\.[A-Z]\\w*/\\w+";

const problemType = "application/problem+json";
const grpcWebType = "application/grpc-web+proto";

/** When Envoy has no answer of a service to pass on. Texts are those of the embedded front proxy. */
const failures: readonly Failure[] = [
  answerOf(503, platformErrors.SERVICE_UNAVAILABLE, {
    detail: "A part of the shop cannot be reached at the moment; try again in a little while.",
    also: 502,
  }),
  answerOf(504, platformErrors.DEADLINE_EXCEEDED, {
    detail: "The answer did not come in time; try again in a little while.",
    also: 408,
  }),
  answerOf(429, platformErrors.RATE_LIMITED, {
    detail: "That were more requests than one client may send; try again in a second.",
  }),
  // As services themselves say it of a message that is too large.
  { status: 413, code: Code.ResourceExhausted, detail: "The request is larger than what is taken, 4 MiB." },
];

function answerOf<T extends { readonly detail: string }>(status: number, kind: ErrorKind, rest: T) {
  return { status, code: kind.code, reason: kind.reason, ...rest };
}

/** Rewrites what Envoy says by itself to what each kind of client understands. */
export function localReplies(): Yaml {
  return {
    mappers: [
      ...failures.flatMap((answer, index) => [
        mapper(answer, isGrpc, {
          ...text(answer.detail, "text/plain"),
          headers_to_add: headers(grpcHeaders(answer, { withMessage: false })),
        }),
        mapper(answer, isGrpcWeb, {
          status_code: 200,
          ...text("", grpcWebType),
          headers_to_add: headers(grpcHeaders(answer, { withMessage: true })),
        }),
        mapper(answer, isConnect, text(connectError(answer), "application/json")),
        ...(answer.status < 500 ? [] : [mapper(answer, isPage, text(page(answer), "text/html; charset=utf-8"))]),
        index === 0
          ? noted(
              "Anybody else gets problem details (RFC 9457).",
              mapper(answer, undefined, text(problem(answer), problemType)),
            )
          : mapper(answer, undefined, text(problem(answer), problemType)),
      ]),
    ],
  };
}

/** How a request tells what answer it understands. */
type Kind = Shared | undefined;

const isGrpc = header("is-grpc", "content-type", { safe_regex: { regex: "application/grpc(\\+.*)?" } });
const isGrpcWeb = header("is-grpc-web", "content-type", { prefix: "application/grpc-web" });
const isConnect = header("is-rpc", ":path", { safe_regex: { regex: `${rpcPath}.*` } });
const isPage = header("wants-page", "accept", { contains: "text/html" });

function header(called: string, name: string, match: Yaml): Kind {
  return new Shared(called, { header_filter: { header: { name, string_match: match } } });
}

function mapper(answer: Failure, kind: Kind, rewritten: { readonly [key: string]: Yaml }): Yaml {
  const [first, ...others] = [answer.status, ...(answer.also === undefined ? [] : [answer.also])].map(isStatus);
  const status = new Shared(
    `is-${answer.status}`,
    first !== undefined && others.length === 0 ? first : { or_filter: { filters: [first ?? {}, ...others] } },
  );
  return { filter: kind === undefined ? status : { and_filter: { filters: [kind, status] } }, ...rewritten };
}

function isStatus(status: number): Yaml {
  return { status_code_filter: { comparison: { value: { default_value: status, runtime_key: `answers.${status}` } } } };
}

function text(body: string, contentType: string): { readonly [key: string]: Yaml } {
  return {
    body_format_override: { text_format_source: { inline_string: literal(body) }, content_type: contentType },
  };
}

/** Percent signs begin Envoy's own placeholders. */
function literal(text: string): string {
  return text.replaceAll("%", "%%");
}

/** Headers to set, whatever there is under their names. */
export function headers(values: Readonly<Record<string, string>>): Yaml {
  return Object.entries(values).map(([key, value]) => ({
    header: { key, value: literal(value) },
    append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
  }));
}

function grpcHeaders(
  answer: Answer,
  { withMessage }: { readonly withMessage: boolean },
): Readonly<Record<string, string>> {
  return {
    "grpc-status": String(answer.code),
    ...(withMessage ? { "grpc-message": encodeURI(answer.detail) } : {}),
    ...(answer.reason === undefined ? {} : { "grpc-status-details-bin": statusDetails(answer) }),
  };
}

/** The routes' own answers to callers of a method that is not for them. */
export function refusal(detail: string): {
  readonly grpc: { readonly [key: string]: Yaml };
  readonly grpcWeb: { readonly [key: string]: Yaml };
  readonly connect: { readonly [key: string]: Yaml };
} {
  const answer = answerOf(403, platformErrors.METHOD_NOT_PUBLIC, { detail });
  return {
    grpc: {
      // Envoy itself makes a gRPC answer of it, with this text.
      direct_response: { status: 403, body: { inline_string: detail } },
      response_headers_to_add: headers({ "grpc-status-details-bin": statusDetails(answer) }),
    },
    grpcWeb: {
      direct_response: { status: 200 },
      response_headers_to_add: headers({ "content-type": grpcWebType, ...grpcHeaders(answer, { withMessage: true }) }),
    },
    connect: {
      direct_response: { status: 403, body: { inline_string: connectError(answer) } },
      response_headers_to_add: headers({ "content-type": "application/json" }),
    },
  };
}

/** The answer to a request by another method than those that a path takes. */
export function methodNotAllowed(allow: string): { readonly [key: string]: Yaml } {
  const body = JSON.stringify({ type: "about:blank", status: 405, title: titleOf(405) });
  return {
    direct_response: { status: 405, body: { inline_string: body } },
    response_headers_to_add: headers({ allow, "content-type": problemType }),
  };
}

function errorInfoOf(reason: string) {
  return create(ErrorInfoSchema, { reason, domain: errorDomain });
}

/** gRPC's richer error model: the status again, with details. */
function statusDetails({ code, detail, reason = "" }: Answer): string {
  const details = [anyPack(ErrorInfoSchema, errorInfoOf(reason))];
  const status = create(StatusSchema, { code, message: detail, details });
  return unpadded(toBinary(StatusSchema, status));
}

/** An error of the Connect protocol: https://connectrpc.com/docs/protocol#error-end-stream */
function connectError({ code, detail, reason }: Answer): string {
  const name = Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase();
  const details =
    reason === undefined
      ? {}
      : {
          details: [
            { type: ErrorInfoSchema.typeName, value: unpadded(toBinary(ErrorInfoSchema, errorInfoOf(reason))) },
          ],
        };
  return JSON.stringify({ code: name, message: detail, ...details });
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}

function problem({ status, detail, reason }: Answer): string {
  return JSON.stringify({
    type: "about:blank",
    status,
    title: titleOf(status),
    detail,
    ...(reason === undefined ? { reason: platformErrors.BODY_TOO_LARGE.reason } : { reason }),
  });
}

function page({ status, detail }: Answer): string {
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${titleOf(status)}</title>`,
    "<style>:root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui;max-width:32rem;margin:20vh auto;padding:0 1rem}</style>",
    `<h1>${titleOf(status)}</h1><p>${detail}</p></html>`,
  ].join("");
}
