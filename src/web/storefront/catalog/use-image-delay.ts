import { queryOptions, useQuery } from "@tanstack/react-query";
import { numberFlag } from "../api.ts";
import { env } from "../env.ts";
import { userId } from "../session.ts";

/** While pictures are on the screen, the flag is asked for this often. */
const everyMs = 5_000;

/** Begun with the page, so that the answer is there before the first product is. */
export const imageDelay = queryOptions({
  queryKey: ["image-delay"],
  // Where it cannot be asked for, the front proxy delays pictures by itself.
  queryFn: () => (env.ORRERY_HIDES_FLAGS === "true" ? 0 : numberFlag("imageSlowLoad", userId)),
  refetchInterval: everyMs,
  staleTime: everyMs,
});

/**
 * By how many milliseconds the flag imageSlowLoad holds back the pictures of product cards; undefined until that is
 * known.
 */
export function useImageDelay(): number | undefined {
  return useQuery(imageDelay).data;
}
