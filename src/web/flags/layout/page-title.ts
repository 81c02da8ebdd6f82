import { useEffect } from "react";

/** Names the page in the tab. */
export function usePageTitle(name: string): void {
  useEffect(() => {
    document.title = `${name} - Orrery flags`;
  }, [name]);
}
