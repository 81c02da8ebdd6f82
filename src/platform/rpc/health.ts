import { Code, ConnectError, type ConnectRouter, createContextKey } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../../gen/grpc/health/v1/health_pb.ts";

/** What a port says of the health of what is behind it. */
export interface HealthSource {
  /**
   * The names that are known, and whether each can serve now. `""` and `readiness` speak for the whole port,
   * `liveness` is true as long as the process answers, every RPC service has its full name.
   */
  status(name: string): boolean | undefined;
}

const watchIntervalMs = 500;

/** Tells whether the connection of a call is to be closed once its calls are over. */
export const isConnectionClosing = createContextKey(() => false);

/** `grpc.health.v1.Health` for everything behind a port. */
export function healthRoutes(source: HealthSource): (router: ConnectRouter) => void {
  const check = (name: string): Status => {
    const serving = source.status(name);
    if (serving === undefined) return Status.SERVICE_UNKNOWN;
    return serving ? Status.SERVING : Status.NOT_SERVING;
  };
  return (router) =>
    router.service(Health, {
      check({ service }) {
        const status = check(service);
        if (status === Status.SERVICE_UNKNOWN) {
          throw new ConnectError(`No service ${JSON.stringify(service)} is known here.`, Code.NotFound);
        }
        return { status };
      },
      async *watch({ service }, { signal, values }) {
        const isClosing = values.get(isConnectionClosing);
        let last: Status | undefined;
        while (!signal.aborted && !isClosing()) {
          const status = check(service);
          if (status !== last) yield { status };
          last = status;
          await new Promise<void>((resolve) => {
            const timer = setTimeout(done, watchIntervalMs);
            signal.addEventListener("abort", done, { once: true });
            function done() {
              clearTimeout(timer);
              signal.removeEventListener("abort", done);
              resolve();
            }
          });
        }
      },
    });
}
