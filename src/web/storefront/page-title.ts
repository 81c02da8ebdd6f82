import { useEffect } from "react";
import { announce } from "./feedback/announcer.tsx";

/** Names the page in the tab, and tells screen readers that it changed. */
export function usePageTitle(name: string): void {
  useEffect(() => {
    document.title = `Orrery - ${name}`;
    announce(name);
  }, [name]);
}
