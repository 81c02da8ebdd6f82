import { type ReactNode, useEffect, useRef } from "react";
import styles from "./notice.module.css";

type NoticeProps = {
  readonly tone: "danger" | "info";
  readonly title: string;
  readonly children?: ReactNode;
  /** Moves the focus here when it appears, so that it is read and scrolled to. */
  readonly takesFocus?: boolean;
};

/** Something that the shopper must know, in words, with the ways on inside. */
export function Notice({ tone, title, children, takesFocus = false }: NoticeProps) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (takesFocus) element.current?.focus();
  }, [takesFocus]);
  return (
    <div ref={element} className={styles.notice} data-tone={tone} role="alert" tabIndex={-1}>
      <svg className={styles.icon} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.8" aria-hidden>
        <circle cx="12" cy="12" r="9.5" />
        <path d="M12 7v6.5M12 16.4v.4" strokeLinecap="round" />
      </svg>
      <div className={styles.words}>
        <p className={styles.title}>{title}</p>
        {children}
      </div>
    </div>
  );
}
