import { useLocation } from "@tanstack/react-router";
import { useCallback } from "react";

/**
 * For what an address can name after its `#`: brought into view when it is there, for lists come later than the page.
 * To be spread over the element.
 */
export function useAddressed(name: string) {
  const isAddressed = useLocation({ select: ({ hash }) => hash === name });
  const ref = useCallback(
    (element: HTMLElement | null) => {
      if (isAddressed) element?.scrollIntoView({ block: "center" });
    },
    [isAddressed],
  );
  return { ref, "data-addressed": isAddressed } as const;
}
