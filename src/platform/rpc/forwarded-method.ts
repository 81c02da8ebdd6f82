import type { DescMethodUnary } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import type { IncomingCall, ServedMethod } from "./service-routes.ts";

/** Headers of one hop, which the next connection makes itself; whose page calls is judged at the front, where its host is known. */
const ofOneHop =
  /^(:.*|host|origin|connection|content-.*|accept.*|te|transfer-encoding|user-agent|grpc-.*|connect-.*|x-grpc-web|x-user-agent)$/;

/**
 * Serves a method by calling it elsewhere, for a front proxy whose services run in other processes. The message is
 * validated there; deadline, end of call and metadata go along.
 */
export function forwardedMethod(method: DescMethodUnary, transport: Transport): ServedMethod {
  return {
    method,
    async invoke(request, call) {
      const answer = await transport.unary(
        method,
        call.signal,
        call.timeoutMs ?? defaultTimeoutMs,
        passedOn(call),
        request,
      );
      for (const [name, value] of answer.header) if (!ofOneHop.test(name)) call.responseHeader.set(name, value);
      for (const [name, value] of answer.trailer) if (!ofOneHop.test(name)) call.responseTrailer.set(name, value);
      return answer.message;
    },
  };
}

/** What a caller that gives no deadline waits, in milliseconds. */
const defaultTimeoutMs = 15_000;

function passedOn(call: IncomingCall): Headers {
  const headers = new Headers();
  for (const [name, value] of call.header) if (!ofOneHop.test(name)) headers.set(name, value);
  return headers;
}
