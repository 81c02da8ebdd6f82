import { useNavigate } from "@tanstack/react-router";
import { fixedRange } from "../live/time-range.ts";

/** Makes a part of time, in milliseconds since 1970, the one that all views show. */
export function useZoom(): (startMs: number, endMs: number) => void {
  const navigate = useNavigate();
  return (startMs, endMs) =>
    void navigate({
      to: ".",
      search: (before) => ({ ...before, range: fixedRange(startMs, endMs) }),
      resetScroll: false,
    });
}
