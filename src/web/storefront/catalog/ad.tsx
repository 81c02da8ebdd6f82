import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import * as queries from "../queries.ts";
import styles from "./ad.module.css";

/** One of the ads for these words, the same one for as long as the page stays; nothing when there are none. */
export function Ad({ contextKeys }: { readonly contextKeys: readonly string[] }) {
  const [roll] = useState(Math.random);
  const { data: ads = [] } = useQuery(queries.ads(contextKeys));
  const ad = ads[Math.floor(roll * ads.length)];
  if (!ad || !/^(\/(?!\/)|https?:)/.test(ad.redirectUrl)) return null;
  const content = (
    <>
      <span className={styles.label}>Ad</span>
      <span>{ad.text}</span>
    </>
  );
  return (
    <aside className={styles.ad} data-cy="ad" aria-label="Advertisement">
      {ad.redirectUrl.startsWith("/") ? (
        <Link to={ad.redirectUrl}>{content}</Link>
      ) : (
        <a href={ad.redirectUrl} rel="noopener">
          {content}
        </a>
      )}
    </aside>
  );
}
