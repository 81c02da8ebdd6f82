import { useState } from "react";
import { scenarioService } from "../api.ts";
import { Refusal } from "../live/refusal.tsx";
import { useAction } from "../live/use-action.ts";
import { useRefreshRuns } from "./use-runs.ts";

/** Ends what runs, and puts all flags at rest and the load back. */
export function ResetButton() {
  const { isBusy, problem, act } = useAction();
  const [isReset, setReset] = useState(false);
  const refresh = useRefreshRuns();
  const reset = () =>
    act(async () => {
      setReset(false);
      await scenarioService.reset({});
      await refresh();
      setReset(true);
    });
  return (
    <>
      {problem !== undefined && <Refusal>{problem}</Refusal>}
      <p>
        <button type="button" className="button" disabled={isBusy} onClick={() => void reset()}>
          Reset the shop
        </button>{" "}
        <span role="status">{isReset && "No run, all flags at rest."}</span>
      </p>
    </>
  );
}
