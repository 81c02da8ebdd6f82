import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Prefers a call that only our services offer, such as a batch, and falls back to the plain way for good once the
 * other side has answered UNIMPLEMENTED, so that each of the OpenTelemetry Demo's services can stand in for ours.
 */
export function preferring<I, O>(options: {
  readonly preferred: (input: I) => Promise<O>;
  readonly plain: (input: I) => Promise<O>;
}): (input: I) => Promise<O> {
  let isOffered = true;
  return async (input) => {
    if (isOffered) {
      try {
        return await options.preferred(input);
      } catch (error) {
        if (!(error instanceof ConnectError) || error.code !== Code.Unimplemented) throw error;
        isOffered = false;
      }
    }
    return options.plain(input);
  };
}
