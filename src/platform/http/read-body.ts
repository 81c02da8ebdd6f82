import { platformErrors, rpcError } from "../rpc/errors.ts";
import type { HttpRequest } from "../rpc/rpc-handler.ts";

/**
 * The body of a request as text.
 *
 * @throws INVALID_REQUEST when it is larger than `maxBytes`
 */
export async function readBody(request: HttpRequest, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw rpcError(platformErrors.INVALID_REQUEST, `The body is larger than ${maxBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
