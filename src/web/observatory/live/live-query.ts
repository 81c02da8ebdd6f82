import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { keepPreviousData, QueryClient, type QueryKey, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { callTimeoutMs } from "../api.ts";
import { bounds, parseTimeRange, requestRange, type TimeRange } from "./time-range.ts";
import { storeNow, useWatched } from "./watch.ts";

/** A refusal stays one however often one asks; an answer that did not come may come. */
function worthRepeating(failures: number, error: Error): boolean {
  const { code } = ConnectError.from(error);
  return failures < 2 && (code === Code.Unavailable || code === Code.Unknown);
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      retry: worthRepeating,
      retryDelay: (failures) => 400 * 2 ** failures,
      networkMode: "always",
      refetchOnWindowFocus: false,
      // Messages hold bigints and are large: comparing old and new costs more than drawing again.
      structuralSharing: false,
    },
  },
});

export type CallOptions = { readonly signal: AbortSignal; readonly timeoutMs: number };

/**
 * A query that is asked again every `everyMs` while the page is live: not paused, connected, and seen.
 * The former answer stays until the next one is there. Without `everyMs` it is asked once.
 */
export function useLiveQuery<T>(options: {
  readonly key: QueryKey;
  readonly ask: (call: CallOptions) => Promise<T>;
  readonly everyMs?: number | undefined;
  readonly enabled?: boolean;
}) {
  const isLive = useWatched((all) => all.connection.kind === "live" && !all.isPaused);
  return useQuery({
    queryKey: options.key,
    queryFn: ({ signal }) => options.ask({ signal, timeoutMs: callTimeoutMs }),
    placeholderData: keepPreviousData,
    enabled: options.enabled ?? true,
    refetchInterval: isLive && options.everyMs !== undefined ? options.everyMs : false,
  });
}

/** The time range that the address names; every view shows it. */
export function useTimeRange(): {
  readonly range: TimeRange;
  /** The range as the address has it, for keys of queries. */
  readonly text: string;
  /** Whether it moves on with time. */
  readonly isMoving: boolean;
  readonly forRequest: () => ReturnType<typeof requestRange>;
  readonly bounds: () => { readonly startMs: number; readonly endMs: number };
} {
  const { range: text = "" } = useSearch({ strict: false });
  const oldestMs = useWatched(({ store }) =>
    store?.oldest ? Math.floor(timestampMs(store.oldest) / 60_000) * 60_000 : undefined,
  );
  const range = parseTimeRange(text);
  return {
    range,
    text: range.kind === "all" ? `all ${oldestMs ?? ""}` : text,
    isMoving: range.kind !== "fixed",
    forRequest: () => requestRange(range, storeNow(), oldestMs),
    bounds: () => bounds(range, storeNow(), oldestMs),
  };
}
