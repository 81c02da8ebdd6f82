import { attribute, event } from "../../gen/telemetry/registry.ts";
import { sendProblem, titleOf } from "../platform/http/problem.ts";
import { whenClosed } from "../platform/http/when-closed.ts";
import type { RunningService, ServiceContext } from "../platform/lifecycle/service.ts";
import type { HttpHandler } from "../platform/rpc/rpc-handler.ts";
import { setHttpRoute, tracedForward } from "../platform/telemetry/http.ts";
import { edgeFaults } from "./faults.ts";
import { isWatching, routeOf } from "./routes.ts";

/** The front proxy of the embedded mode, where Envoy is in the mesh. RPC is answered by the port itself. */
export async function start(context: ServiceContext): Promise<RunningService> {
  const faults = edgeFaults(context);
  const handlers = new Map<string, HttpHandler>();
  for (const service of ["frontend", "image-provider", "email"]) {
    handlers.set(service, tracedForward(context.http.handler(service), service, context.telemetry));
  }
  for (const service of ["flagd", "flagd-ui", "load-generator", "observatory"]) {
    handlers.set(service, context.http.handler(service));
  }
  return {
    isUntraced: isWatching,
    http(request, response) {
      const route = routeOf(request.url ?? "/", request.method);
      if (route.kind === "refuse") {
        setHttpRoute(response, route.route);
        response.setHeader("allow", route.allow);
        sendProblem(response, { status: 405, title: titleOf(405) });
        return;
      }
      if (route.kind === "redirect") {
        response.statusCode = 301;
        response.setHeader("location", route.location);
        response.end();
        return;
      }
      const [path] = (request.url ?? "/").split("?", 1);
      setHttpRoute(response, route.route);
      if (!isWatching(path ?? "/"))
        whenClosed(response, () => {
          if (!response.writableFinished) return;
          context.log.info(
            {
              event: event.proxyAccess,
              [attribute.httpRequestMethod]: request.method,
              [attribute.httpResponseStatusCode]: response.statusCode,
              [attribute.urlPath]: path,
              [attribute.httpRoute]: route.route,
              [attribute.serverAddress]: route.service,
              [attribute.userAgentOriginal]: request.headers["user-agent"]?.slice(0, 256),
            },
            "Request answered",
          );
        });
      request.url = route.url;
      const answer = () => handlers.get(route.service)?.(request, response);
      if (!route.isDelayable || !faults.mayDelay(request)) return answer();
      void faults.delay(request, response).then((isAwaited) => (isAwaited ? answer() : undefined));
    },
  };
}
