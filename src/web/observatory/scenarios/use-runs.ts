import { useQueryClient } from "@tanstack/react-query";
import { scenarioService } from "../api.ts";
import { useLiveQuery } from "../live/live-query.ts";

const key = ["scenario-runs"] as const;

/** The runs so far, newest first. */
export function useRuns() {
  return useLiveQuery({ key, ask: (call) => scenarioService.listRuns({}, call), everyMs: 2000 });
}

/** To be called after something was done to a run: it is asked for anew. */
export function useRefreshRuns(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await Promise.all([
      client.invalidateQueries({ queryKey: key }),
      client.invalidateQueries({ queryKey: ["scenario-run"] }),
    ]);
  };
}
