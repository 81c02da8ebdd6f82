import { useNavigate, useSearch } from "@tanstack/react-router";
import { observatory } from "../api.ts";
import { useLiveQuery } from "../live/live-query.ts";
import styles from "./trace-filters.module.css";

type Field = "operation" | "attributes" | "min" | "max" | "session" | "order";

/** The conditions of a search. They are the address; a field takes effect with Enter or when it is left. */
export function TraceFilters() {
  const search = useSearch({ from: "/traces" });
  const navigate = useNavigate({ from: "/traces" });
  const { data } = useLiveQuery({
    key: ["services"],
    ask: (call) => observatory.listServices({}, call),
    everyMs: 15_000,
  });
  const services = data?.services ?? [];
  const operations = services.find(({ name }) => name === search.service)?.operations ?? [];
  const set = (change: Partial<Record<Field | "service" | "errors", string | undefined>>) =>
    void navigate({ search: (before) => ({ ...before, ...change, limit: undefined }), replace: true });

  const field = (name: Field, props: React.InputHTMLAttributes<HTMLInputElement>) => (
    <input
      // A new address brings a new field with its value.
      key={`${name} ${search[name] ?? ""}`}
      id={`trace-${name}`}
      name={name}
      defaultValue={search[name] ?? ""}
      maxLength={256}
      onBlur={({ currentTarget }) => {
        if (currentTarget.value.trim() !== (search[name] ?? ""))
          set({ [name]: currentTarget.value.trim() || undefined });
      }}
      {...props}
    />
  );

  return (
    <form
      className="filters"
      aria-label="Traces"
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        const value = (name: Field) => String(given.get(name) ?? "").trim() || undefined;
        set({
          operation: value("operation"),
          attributes: value("attributes"),
          min: value("min"),
          max: value("max"),
          session: value("session"),
          order: value("order"),
        });
      }}
    >
      <label>
        Service
        <select
          className={styles.service}
          value={search.service ?? ""}
          onChange={({ currentTarget }) => set({ service: currentTarget.value || undefined, operation: undefined })}
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
      <label className={styles.wide} htmlFor="trace-operation">
        Operation
        {field("operation", { list: "operations", placeholder: "any" })}
        <datalist id="operations">
          {operations.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </label>
      <label className={styles.wide} htmlFor="trace-attributes">
        Attributes
        {field("attributes", { placeholder: "http.route=/api/cart", spellCheck: false, maxLength: 2000 })}
      </label>
      <fieldset className={styles.duration}>
        <legend>Duration, ms</legend>
        {field("min", { type: "number", min: 0, step: "any", placeholder: "from", "aria-label": "At least, ms" })}
        <span aria-hidden>–</span>
        {field("max", { type: "number", min: 0, step: "any", placeholder: "to", "aria-label": "At most, ms" })}
      </fieldset>
      <label className={styles.id} htmlFor="trace-order">
        Order{field("order", { placeholder: "id", spellCheck: false })}
      </label>
      <label className={styles.id} htmlFor="trace-session">
        Session{field("session", { placeholder: "id", spellCheck: false })}
      </label>
      <label>
        <input
          type="checkbox"
          checked={search.errors !== undefined}
          onChange={({ currentTarget }) => set({ errors: currentTarget.checked ? "1" : undefined })}
        />
        Errors only
      </label>
      <button type="submit" className="button">
        Search
      </button>
      {Object.keys(search).some((key) => key !== "range" && key !== "limit") && (
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
