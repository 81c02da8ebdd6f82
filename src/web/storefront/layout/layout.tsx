import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { Announcer } from "../feedback/announcer.tsx";
import { contentId, focusContent } from "./content.ts";
import { Footer } from "./footer.tsx";
import { Header } from "./header.tsx";
import styles from "./layout.module.css";
import { WhatHappened } from "./what-happened.tsx";

/** What every page stands in. */
export function Layout() {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const shown = useRef(path);
  useEffect(() => {
    // A new page takes the focus, as it would without client-side routing; the first one leaves it to the browser.
    if (shown.current !== undefined && shown.current !== path) focusContent();
    shown.current = path;
  }, [path]);
  return (
    <div className={styles.layout}>
      <a className={styles.skip} href={`#${contentId}`}>
        Skip to the content
      </a>
      <Header />
      <main id={contentId} className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
      <WhatHappened />
      <Footer />
      <Announcer />
    </div>
  );
}
