import { useSyncExternalStore } from "react";
import { randomUuid } from "../shared/uuid.ts";

/** Who shops and in which currency: the value of `localStorage.session`, read by other tools too. */
export type Session = { readonly userId: string; readonly currencyCode: string };

const storageKey = "session";
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The stored session; undefined when there is none or it is not one. */
export function parseSession(stored: string | null): Session | undefined {
  if (stored === null) return undefined;
  try {
    const value: unknown = JSON.parse(stored);
    if (typeof value !== "object" || value === null) return undefined;
    const { userId, currencyCode } = value as Record<string, unknown>;
    if (typeof userId !== "string" || !uuid.test(userId)) return undefined;
    if (typeof currencyCode !== "string" || currencyCode === "") return undefined;
    return { userId, currencyCode };
  } catch {
    return undefined;
  }
}

function load(): Session {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(storageKey);
  } catch {
    // Storage is blocked: the session lasts as long as the page.
  }
  const session = parseSession(stored);
  if (session) return session;
  if (stored !== null) console.warn("The stored session was not valid and has been replaced.");
  const created = { userId: randomUuid(), currencyCode: "USD" };
  save(created);
  return created;
}

function save(session: Session): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(session));
  } catch {
    // As above.
  }
}

let current = load();
const listeners = new Set<() => void>();

function change(session: Session): void {
  current = session;
  for (const listener of listeners) listener();
}

window.addEventListener("storage", (event) => {
  if (event.key !== storageKey) return;
  const session = parseSession(event.newValue);
  // Another tab may change the currency; this page keeps its user.
  if (session) change({ ...current, currencyCode: session.currencyCode });
});

/** The shopper of this page, fixed when it is loaded. */
export const userId = current.userId;

export function setCurrencyCode(currencyCode: string): void {
  change({ ...current, currencyCode });
  save(current);
}

/** The currency in which prices are asked for and shown. */
export function useCurrencyCode(): string {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current.currencyCode,
  );
}

/** The same outside React, for what is fetched before a page is rendered. */
export function currencyCode(): string {
  return current.currencyCode;
}
