import { useMediaQuery } from "@mantine/hooks";

/** Whether there is no more width than a phone has, as the style sheets ask it. For what style sheets cannot do alone. */
export function usePhone(): boolean {
  return useMediaQuery("(max-width: 700px)", false, { getInitialValueInEffect: false });
}
