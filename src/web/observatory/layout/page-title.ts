import { useEffect } from "react";

/** Names the view in the tab. */
export function usePageTitle(name: string): void {
  useEffect(() => {
    document.title = `${name} - Orrery Observatory`;
  }, [name]);
}
