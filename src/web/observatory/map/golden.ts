import type { Golden } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";

/** The share of calls that failed, 0 without calls. */
export function errorShare(golden: Golden | undefined): number {
  return golden && golden.calls > 0n ? Number(golden.errors) / Number(golden.calls) : 0;
}

/** Whether there was anything at all. */
export function hasTraffic(golden: Golden | undefined): golden is Golden {
  return golden !== undefined && golden.calls > 0n;
}

/** From which share of failed calls on the map shows trouble. */
export const troubleShare = 0.01;
