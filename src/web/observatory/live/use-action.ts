import { ConnectError } from "@connectrpc/connect";
import { useState } from "react";

/** What a button does: one thing at a time, and the reason in words when it could not be done. */
export function useAction() {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(ConnectError.from(error).rawMessage);
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, problem, act } as const;
}
