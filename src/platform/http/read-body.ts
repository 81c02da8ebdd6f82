import { platformErrors, rpcError } from "../rpc/errors.ts";
import type { HttpRequest } from "../rpc/rpc-handler.ts";

/**
 * The body of a request as text.
 *
 * @throws BODY_TOO_LARGE when it is larger than `maxBytes`
 */
export async function readBody(request: HttpRequest, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // The iterator by itself would take the connection with it, and the answer could not be given.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw rpcError(platformErrors.BODY_TOO_LARGE, `The body is larger than ${maxBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
