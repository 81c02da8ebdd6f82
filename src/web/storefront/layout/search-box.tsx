import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef } from "react";
import styles from "./header.module.css";

export function SearchBox() {
  const navigate = useNavigate();
  const { q = "" } = useSearch({ strict: false });
  const input = useRef<HTMLInputElement>(null);
  // Follows a search that was changed from elsewhere, such as by going back.
  useEffect(() => {
    if (input.current) input.current.value = q;
  }, [q]);
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const wanted = String(new FormData(event.currentTarget).get("q") ?? "").trim();
    if (wanted !== "") void navigate({ to: "/search", search: { q: wanted } });
  };
  return (
    <search className={styles.search}>
      <form action="/search" onSubmit={search}>
        <input
          ref={input}
          name="q"
          defaultValue={q}
          placeholder="Search the shop"
          aria-label="Search the shop"
          maxLength={100}
        />
        <button type="submit" aria-label="Search">
          <svg
            viewBox="0 0 24 24"
            width="20"
            height="20"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.8"
            aria-hidden
          >
            <circle cx="10.5" cy="10.5" r="6" />
            <path d="m15 15 5.5 5.5" strokeLinecap="round" />
          </svg>
        </button>
      </form>
    </search>
  );
}
