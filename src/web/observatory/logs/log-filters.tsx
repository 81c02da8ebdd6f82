import { useNavigate, useSearch } from "@tanstack/react-router";
import { observatory } from "../api.ts";
import { useLiveQuery } from "../live/live-query.ts";
import { severities } from "./log-filter.ts";
import styles from "./log-filters.module.css";

type Field = "text" | "event" | "trace";

/** The conditions of a search of logs. They are the address; a field takes effect with Enter or when it is left. */
export function LogFilters() {
  const search = useSearch({ from: "/logs" });
  const navigate = useNavigate({ from: "/logs" });
  const { data } = useLiveQuery({
    key: ["services"],
    ask: (call) => observatory.listServices({}, call),
    everyMs: 15_000,
  });
  const services = data?.services ?? [];
  const set = (change: Partial<Record<Field | "service" | "severity", string | undefined>>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const field = (name: Field, placeholder: string, maxLength = 256) => (
    <input
      key={`${name} ${search[name] ?? ""}`}
      id={`log-${name}`}
      name={name}
      defaultValue={search[name] ?? ""}
      placeholder={placeholder}
      maxLength={maxLength}
      onBlur={({ currentTarget }) => {
        const value = currentTarget.value.trim();
        if (value !== (search[name] ?? "")) set({ [name]: value || undefined });
      }}
    />
  );
  return (
    <form
      className="filters"
      aria-label="Conditions"
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        const value = (name: Field) => String(given.get(name) ?? "").trim() || undefined;
        set({ text: value("text"), event: value("event"), trace: value("trace") });
      }}
    >
      <label className={styles.wide} htmlFor="log-text">
        Words in text, event or attributes
        {field("text", "any")}
      </label>
      <label>
        Service
        <select
          value={search.service ?? ""}
          onChange={({ currentTarget }) => set({ service: currentTarget.value || undefined })}
        >
          <option value="">any</option>
          {search.service !== undefined && services.every(({ name }) => name !== search.service) && (
            <option>{search.service}</option>
          )}
          {services.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        Severity
        <select
          value={search.severity ?? "trace"}
          onChange={({ currentTarget }) =>
            set({ severity: currentTarget.value === "trace" ? undefined : currentTarget.value })
          }
        >
          {severities.map(({ name, label }) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label htmlFor="log-event">Event{field("event", "order.placed")}</label>
      <label htmlFor="log-trace">Trace{field("trace", "id", 32)}</label>
      <button type="submit" className="button">
        Search
      </button>
      {Object.keys(search).some((key) => key !== "range") && (
        <button
          type="button"
          className="button"
          onClick={() => void navigate({ search: ({ range }) => ({ range }), replace: true })}
        >
          Clear
        </button>
      )}
    </form>
  );
}
