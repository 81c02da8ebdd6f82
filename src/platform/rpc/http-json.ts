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
        const body = await response.text();
        if (!response.ok) {
          throw new ConnectError(`${methodName(method)} answered ${response.status}.`, codeOf(response.status));
        }
        const json = body === "" ? undefined : (JSON.parse(body) as JsonValue);
        return {
          stream: false,
          service: method.parent,
          method,
          header: response.headers,
          trailer: new Headers(),
          message: messageFromWire(method.output, json, entry.response),
        } as UnaryResponse<typeof method.input, typeof method.output>;
      } catch (cause) {
        if (cause instanceof ConnectError) throw cause;
        if (timeout?.aborted) {
          throw rpcError(platformErrors.DEADLINE_EXCEEDED, `${methodName(method)} took too long.`, { cause });
        }
        if (signals.some((candidate) => candidate.aborted)) throw new ConnectError("Cancelled.", Code.Canceled);
        if (cause instanceof SyntaxError || (cause instanceof Error && cause.name.includes("Json"))) {
          throw new ConnectError(`${methodName(method)} answered with something else.`, Code.Internal);
        }
        throw rpcError(platformErrors.SERVICE_UNAVAILABLE, `${methodName(method)} cannot be reached.`, { cause });
      }
    },
    stream(method) {
      return Promise.reject(new ConnectError(`${methodName(method)} is not spoken as JSON.`, Code.Unimplemented));
    },
  };
}

function codeOf(status: number): Code {
  if (status === 400) return Code.InvalidArgument;
  if (status === 404 || status === 501) return Code.Unimplemented;
  if (status === 429) return Code.ResourceExhausted;
  if (status === 502 || status === 503) return Code.Unavailable;
  if (status === 504) return Code.DeadlineExceeded;
  return Code.Internal;
}
