import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import { observatory } from "../api.ts";
import { useLiveQuery } from "../live/live-query.ts";
import styles from "./quick-search.module.css";

type Place = {
  readonly label: string;
  readonly hint: string;
  readonly go: () => unknown;
};

const traceId = /^[0-9a-f]{32}$/i;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Goes anywhere from a few letters: a trace, an order or a session by its id, a service, a metric, words in logs. */
export function QuickSearch({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const listId = useId();
  const [text, setText] = useState("");
  const [index, setIndex] = useState(0);
  const [message, setMessage] = useState("");
  const places = usePlaces(text.trim(), setMessage);
  useEffect(() => dialog.current?.showModal(), []);
  const chosen = Math.min(index, places.length - 1);

  const go = async (place: Place | undefined) => {
    if (!place) return;
    const hasArrived = await place.go();
    if (hasArrived !== false) onClose();
  };

  return (
    <dialog ref={dialog} className={styles.dialog} onClose={onClose} aria-label="Find">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void go(places[chosen]);
        }}
      >
        <input
          className={styles.input}
          role="combobox"
          aria-expanded={places.length > 0}
          aria-controls={listId}
          aria-activedescendant={places.length > 0 ? `${listId}-${chosen}` : undefined}
          aria-label="A trace id, an order id, a session id, a service, a metric, or words of a log record"
          placeholder="Trace id, order id, service, metric, words…"
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setIndex(0);
            setMessage("");
          }}
          onKeyDown={(event) => {
            const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
            if (step === 0 || places.length === 0) return;
            event.preventDefault();
            setIndex((chosen + step + places.length) % places.length);
          }}
        />
      </form>
      {message && (
        <p role="alert" className={styles.message}>
          {message}
        </p>
      )}
      <div id={listId} role="listbox" aria-label="Places" className={styles.list}>
        {places.map((place, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keyboard
          <div
            key={`${place.hint} ${place.label}`}
            id={`${listId}-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === chosen}
            className={styles.place}
            onClick={() => void go(place)}
          >
            <span className="ellipsis">{place.label}</span>
            <span className="dimmed">{place.hint}</span>
          </div>
        ))}
      </div>
    </dialog>
  );
}

function usePlaces(text: string, explain: (message: string) => void): readonly Place[] {
  const navigate = useNavigate();
  const services = useLiveQuery({ key: ["services"], ask: (call) => observatory.listServices({}, call) });
  const metrics = useLiveQuery({ key: ["metrics", ""], ask: (call) => observatory.listMetrics({}, call) });
  const toTrace = (id: string) => navigate({ to: "/traces/$traceId", params: { traceId: id.toLowerCase() } });

  if (traceId.test(text)) return [{ label: text, hint: "trace", go: () => toTrace(text) }];
  if (uuid.test(text)) {
    const find = async (by: "orderId" | "sessionId") => {
      const range = { start: { seconds: 0n, nanos: 0 } };
      const { traces } = await observatory
        .searchTraces({ range, [by]: text, limit: 50 }, { timeoutMs: 10_000 })
        .catch(() => ({ traces: [] }));
      const [first] = traces;
      if (!first) {
        explain(`No trace has this ${by === "orderId" ? "order" : "session"}. It may have left the store already.`);
        return false;
      }
      if (traces.length === 1) return toTrace(first.traceId);
      const search = { range: "all", ...(by === "orderId" ? { order: text } : { session: text }) };
      return navigate({ to: "/traces", search });
    };
    return [
      { label: text, hint: "order", go: () => find("orderId") },
      { label: text, hint: "session", go: () => find("sessionId") },
    ];
  }

  const has = (name: string) => name.toLowerCase().includes(text.toLowerCase());
  const places: Place[] = [
    { label: "Map", hint: "view", go: () => navigate({ to: "/" }) },
    { label: "Traces", hint: "view", go: () => navigate({ to: "/traces" }) },
    { label: "Traces with errors", hint: "view", go: () => navigate({ to: "/traces", search: { errors: "1" } }) },
    { label: "Business", hint: "board", go: () => navigate({ to: "/metrics", search: { board: "business" } }) },
    { label: "Logs", hint: "view", go: () => navigate({ to: "/logs" }) },
    { label: "SLOs and alerts", hint: "view", go: () => navigate({ to: "/slos" }) },
    { label: "Scenarios", hint: "view", go: () => navigate({ to: "/scenarios" }) },
    { label: "Load", hint: "view", go: () => navigate({ to: "/load" }) },
    { label: "SQL", hint: "view", go: () => navigate({ to: "/sql" }) },
    { label: "Status", hint: "view", go: () => navigate({ to: "/status" }) },
  ].filter((place) => has(place.label));
  for (const { name: service } of services.data?.services ?? []) {
    if (text === "" || !has(service)) continue;
    places.push(
      { label: service, hint: "traces", go: () => navigate({ to: "/traces", search: { service } }) },
      {
        label: service,
        hint: "golden signals",
        go: () => navigate({ to: "/metrics", search: { board: "golden", service } }),
      },
      { label: service, hint: "logs", go: () => navigate({ to: "/logs", search: { service } }) },
      { label: service, hint: "on the map", go: () => navigate({ to: "/", search: { node: service } }) },
    );
  }
  for (const { name: metric } of metrics.data?.metrics ?? []) {
    if (text === "" || !has(metric)) continue;
    places.push({ label: metric, hint: "metric", go: () => navigate({ to: "/metrics", search: { metric } }) });
  }
  if (text !== "") {
    places.push({ label: `“${text}”`, hint: "in logs", go: () => navigate({ to: "/logs", search: { text } }) });
  }
  return places.slice(0, 40);
}
