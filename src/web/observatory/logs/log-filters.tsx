import { useNavigate, useSearch } from "@tanstack/react-router";
import conditions from "../conditions/conditions.module.css";
import { ConditionField, Conditions } from "../conditions/conditions.tsx";
import { ServiceSelect } from "../conditions/service-select.tsx";
import { severities } from "./log-filter.ts";

/** The conditions of a search of logs. */
export function LogFilters() {
  const { range: _range, ...search } = useSearch({ from: "/logs" });
  const navigate = useNavigate({ from: "/logs" });
  const set = (change: Partial<Record<keyof typeof search, string | undefined>>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  return (
    <Conditions
      label="Conditions"
      count={Object.keys(search).length}
      onSubmit={set}
      onClear={() => void navigate({ search: ({ range }) => ({ range }), replace: true })}
    >
      <ConditionField
        id="log-text"
        name="text"
        label="Words in text, event or attributes"
        size="wide"
        value={search.text}
        onChange={(text) => set({ text })}
        input={{ placeholder: "any" }}
      />
      <ServiceSelect value={search.service} onChange={(service) => set({ service })} />
      <label className={conditions.field}>
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
      <ConditionField
        id="log-event"
        name="event"
        label="Event"
        value={search.event}
        onChange={(event) => set({ event })}
        input={{ placeholder: "order.placed" }}
      />
      <ConditionField
        id="log-trace"
        name="trace"
        label="Trace"
        value={search.trace}
        onChange={(trace) => set({ trace })}
        input={{ placeholder: "id", maxLength: 32 }}
      />
    </Conditions>
  );
}
