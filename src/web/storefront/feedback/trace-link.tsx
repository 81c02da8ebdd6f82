import type { MouseEvent, ReactNode } from "react";
import { env } from "../env.ts";

export type TraceOf = { readonly session: string } | { readonly order: string };

/** Where the shop can be watched; undefined when nobody watches. */
export const observatory = env.ORRERY_OBSERVATORY_URL;

type Props = { readonly of: TraceOf; readonly className?: string | undefined; readonly children: ReactNode };

/** A link to the latest trace of a session or an order; to the search for it when there is none yet. */
export function TraceLink({ of, className, children }: Props) {
  if (!observatory) return null;
  const search = `${observatory}traces?${new URLSearchParams(Object.entries(of))}`;
  const open = async (event: MouseEvent) => {
    // Opening in another tab is the browser's business.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    const traceId = await latestTrace(of).catch(() => undefined);
    window.location.assign(traceId === undefined ? search : `${observatory}traces/${traceId}`);
  };
  return (
    <a className={className} href={search} onClick={open}>
      {children}
    </a>
  );
}

async function latestTrace(of: TraceOf): Promise<string | undefined> {
  const wanted = "order" in of ? { orderId: of.order } : { sessionId: of.session };
  // Not through the API's client: asking about traces must leave none.
  const response = await fetch("/orrery.observatory.v1.ObservatoryService/SearchTraces", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...wanted, limit: 1 }),
    signal: AbortSignal.timeout(2_000),
  });
  const { traces } = (await response.json()) as { traces?: readonly { readonly traceId: string }[] };
  return traces?.[0]?.traceId;
}
