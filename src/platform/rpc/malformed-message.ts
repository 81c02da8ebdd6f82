import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { errorFromJsonBytes, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { platformErrors, rpcError } from "./errors.ts";

type Handler = ConnectRouter["handlers"][number];
type Response = Awaited<ReturnType<Handler>>;

/**
 * A Protobuf message that cannot be parsed is the caller's mistake, but Connect answers INTERNAL, which is HTTP status
 * 500. Over the Connect protocol this makes it INVALID_ARGUMENT, status 400; gRPC has no status of its own for it.
 */
export function refuseMalformedMessages(router: ConnectRouter): void {
  for (const [index, handler] of router.handlers.entries()) {
    const mended = async (...call: Parameters<Handler>) => mend(await handler(...call));
    router.handlers[index] = Object.assign(mended, handler);
  }
}

async function mend(response: Response): Promise<Response> {
  const { status, body } = response;
  if (status !== 500 || body === undefined) return response;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const error = errorFromJsonBytes(bytes, undefined, new ConnectError("", Code.Unknown));
  if (error.code !== Code.Internal || !error.rawMessage.startsWith(parseFailure)) {
    return { ...response, body: asBody(bytes) };
  }
  const why = error.rawMessage.slice(parseFailure.length);
  const refusal = rpcError(platformErrors.INVALID_REQUEST, `The message is not Protobuf: ${why}`);
  const json = errorToJsonBytes(refusal, undefined);
  const header = new Headers(response.header);
  header.set("content-length", String(json.byteLength));
  return { ...response, status: 400, header, body: asBody(json) };
}

/** How Connect's message begins. */
const parseFailure = "parse binary: ";

async function* asBody(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
