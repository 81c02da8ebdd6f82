import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceContext } from "../platform/lifecycle/service.ts";
import type { HttpRequest, HttpResponse } from "../platform/rpc/rpc-handler.ts";
import { baggageEntry } from "../platform/telemetry/baggage.ts";

const delayHeader = "x-envoy-fault-delay-request";
const longestMs = 10_000;
const delayedAtOnce = 100;

/** What a flag of frontend breaks here, as Envoy's fault filter does. */
export function edgeFaults({ flags, flagNames }: Pick<ServiceContext, "flags" | "flagNames">) {
  // A page cannot ask for a flag whose name it does not know: then none needs to.
  const isUnasked = flagNames.areOpaque;
  let delayed = 0;
  return {
    /** Whether the request may be delayed; if it asks for that, nobody behind the proxy is to heed it. */
    mayDelay({ headers }: HttpRequest): boolean {
      return isUnasked || headers[delayHeader] !== undefined;
    },
    /**
     * Waits as long as a request asks for, if a flag lets it, at most ten seconds and with a hundred others. Tells
     * whether somebody still waits for the answer.
     */
    async delay(request: HttpRequest, response: HttpResponse): Promise<boolean> {
      const header = Number(request.headers[delayHeader]);
      delete request.headers[delayHeader];
      if (!isUnasked && !(header > 0)) return true;
      const granted = await flags.value("imageSlowLoad", 0, contextOf(request));
      const asked = isUnasked ? granted : header;
      if (granted <= 0) return true;
      if (delayed >= delayedAtOnce) return true;
      delayed++;
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      await sleep(Math.min(asked, longestMs), undefined, { signal: gone.signal }).catch(() => {});
      delayed--;
      return !gone.signal.aborted;
    },
  };
}

/** Who looks at the picture, as the shop's pages say it when they ask for the flag. */
function contextOf({ headers: { baggage } }: HttpRequest) {
  const user = typeof baggage === "string" ? baggageEntry([["baggage", baggage]], "enduser.id") : undefined;
  return user === undefined ? {} : { targetingKey: user, userId: user };
}
