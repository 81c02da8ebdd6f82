import {
  create,
  type DescMethodUnary,
  type DescService,
  fromJson,
  isMessage,
  type JsonValue,
  type Message,
  toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport, type UnaryResponse } from "@connectrpc/connect";
import { currentCall } from "./call-context.ts";
import { platformErrors, rpcError } from "./errors.ts";
import { maxMessageBytes } from "./remote-transport.ts";
import { methodName } from "./service-routes.ts";

/**
 * How a method of a service is also spoken in plain JSON over HTTP POST, as the OpenTelemetry Demo does for shipping,
 * quote and email. Both sides of our code read the same table: the client when the service's address is a URL, the
 * server as an extra beside RPC.
 */
export interface HttpJsonMethod {
  readonly method: DescMethodUnary;
  /** `/get-quote` */
  readonly path: string;
  readonly request?: JsonShape;
  readonly response?: JsonShape;
}

/** Where the JSON on the wire is not simply that of the message with snake_case names. */
export interface JsonShape {
  toWire(json: JsonValue): JsonValue | undefined;
  fromWire(json: JsonValue | undefined): JsonValue;
}

/** Reads a JSON body as a message; snake_case and camelCase names are understood, unknown ones ignored. */
export function messageFromWire(
  schema: DescMethodUnary["input"],
  json: JsonValue | undefined,
  shape?: JsonShape,
): Message {
  const value = shape === undefined ? (json ?? {}) : shape.fromWire(json);
  return fromJson(schema, value, { ignoreUnknownFields: true });
}

/** Writes a message as JSON with snake_case names, and 64-bit integers as numbers, as Go's encoding/json does. */
export function messageToWire(
  schema: DescMethodUnary["input"],
  message: Message,
  shape?: JsonShape,
): JsonValue | undefined {
  const json = integersAsNumbers(toJson(schema, message, { useProtoFieldName: true }));
  return shape === undefined ? json : shape.toWire(json);
}

/** ProtoJSON writes int64 as a string; the only one in these messages is Money.units. */
function integersAsNumbers(json: JsonValue): JsonValue {
  if (Array.isArray(json)) return json.map(integersAsNumbers);
  if (json === null || typeof json !== "object") return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      name === "units" && typeof value === "string" ? Number(value) : integersAsNumbers(value),
    ]),
  );
}

/**
 * Calls a service by its plain JSON. Methods that are not in the table answer UNIMPLEMENTED.
 *
 * @param origin `http://shipping:50050`
 */
export function httpJsonTransport(service: DescService, origin: string, table: readonly HttpJsonMethod[]): Transport {
  return {
    async unary(method, signal, timeoutMs, header, input) {
      const entry = table.find((candidate) => candidate.method === (method as DescMethodUnary));
      if (entry === undefined) {
        throw new ConnectError(`${service.name} at ${origin} has no ${method.name}.`, Code.Unimplemented);
      }
      const message = isMessage(input, method.input) ? input : create(method.input, input);
      const headers = new Headers(header);
      headers.set("content-type", "application/json");
      const signals = [signal, currentCall()?.signal].filter((candidate) => candidate !== undefined);
      const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
      if (timeout !== undefined) signals.push(timeout);
      try {
        const response = await fetch(origin + entry.path, {
          method: "POST",
          headers,
          body: JSON.stringify(messageToWire(method.input, message, entry.request)),
          signal: AbortSignal.any(signals),
          redirect: "error",
        });
        const body = await textUpTo(maxMessageBytes, response);
        if (!response.ok) throw errorOf(response, body, methodName(method));
        return {
          stream: false,
          service: method.parent,
          method,
          header: response.headers,
          trailer: new Headers(),
          message: parse(method, body, entry.response),
        } as UnaryResponse<typeof method.input, typeof method.output>;
      } catch (cause) {
        if (cause instanceof ConnectError) throw cause;
        if (timeout?.aborted) {
          throw rpcError(platformErrors.DEADLINE_EXCEEDED, `${methodName(method)} took too long.`, { cause });
        }
        if (signals.some((candidate) => candidate.aborted)) throw new ConnectError("Cancelled.", Code.Canceled);
        throw rpcError(platformErrors.SERVICE_UNAVAILABLE, `${methodName(method)} cannot be reached.`, { cause });
      }
    },
    stream(method) {
      return Promise.reject(new ConnectError(`${methodName(method)} is not spoken as JSON.`, Code.Unimplemented));
    },
  };
}

function parse(method: DescMethodUnary, body: string, shape: JsonShape | undefined): Message {
  try {
    return messageFromWire(method.output, body === "" ? undefined : (JSON.parse(body) as JsonValue), shape);
  } catch (cause) {
    const message = `${methodName(method)} answered with something else than its contract says.`;
    throw new ConnectError(message, Code.Internal, undefined, undefined, cause);
  }
}

async function textUpTo(maxBytes: number, response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new ConnectError(`The answer is larger than ${maxBytes} bytes.`, Code.ResourceExhausted);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Our own servers say more than a status: RFC 9457 problem details with a reason. */
function errorOf(response: Response, body: string, name: string): ConnectError {
  const code = codeOf(response.status);
  if (response.headers.get("content-type")?.startsWith("application/problem+json")) {
    try {
      const { reason, detail } = JSON.parse(body) as { reason?: unknown; detail?: unknown };
      if (typeof reason === "string" && typeof detail === "string")
        return rpcError({ reason, code, meaning: "" }, detail);
    } catch {
      // Not what it claims to be.
    }
  }
  return new ConnectError(`${name} answered ${response.status}.`, code);
}

function codeOf(status: number): Code {
  if (status === 400 || status === 413 || status === 422) return Code.InvalidArgument;
  if (status === 404 || status === 405 || status === 501) return Code.Unimplemented;
  if (status === 409) return Code.FailedPrecondition;
  if (status === 429) return Code.ResourceExhausted;
  if (status === 502 || status === 503) return Code.Unavailable;
  if (status === 504) return Code.DeadlineExceeded;
  return Code.Internal;
}
