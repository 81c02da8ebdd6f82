import { useNavigate, useSearch } from "@tanstack/react-router";
import conditions from "../conditions/conditions.module.css";
import { ConditionField, ConditionInput, Conditions } from "../conditions/conditions.tsx";
import { ServiceSelect, useServices } from "../conditions/service-select.tsx";
import styles from "./trace-filters.module.css";

const ids = { placeholder: "id", spellCheck: false } as const;
const milliseconds = { type: "number", min: 0, step: "any" } as const;

/** The conditions of a search of traces. */
export function TraceFilters() {
  const { range: _range, limit: _limit, ...search } = useSearch({ from: "/traces" });
  const navigate = useNavigate({ from: "/traces" });
  const operations = useServices().find(({ name }) => name === search.service)?.operations ?? [];
  const set = (change: Partial<Record<keyof typeof search, string | undefined>>) =>
    void navigate({ search: (before) => ({ ...before, ...change, limit: undefined }), replace: true });
  const field = (name: keyof typeof search) => ({
    id: `trace-${name}`,
    name,
    value: search[name],
    onChange: (value: string | undefined) => set({ [name]: value }),
  });
  return (
    <Conditions
      label="Traces"
      count={Object.keys(search).length}
      onSubmit={set}
      onClear={() => void navigate({ search: ({ range }) => ({ range }), replace: true })}
    >
      <ServiceSelect value={search.service} onChange={(service) => set({ service, operation: undefined })} />
      <ConditionField
        {...field("operation")}
        label="Operation"
        size="wide"
        input={{ list: "operations", placeholder: "any" }}
      >
        <datalist id="operations">
          {operations.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </ConditionField>
      <ConditionField
        {...field("attributes")}
        label="Attributes"
        size="wide"
        input={{ placeholder: "http.route=/api/cart", spellCheck: false, maxLength: 2000 }}
      />
      <fieldset className={`${conditions.field} ${styles.duration}`}>
        <legend>Duration, ms</legend>
        <ConditionInput
          {...field("min")}
          input={{ ...milliseconds, placeholder: "from", "aria-label": "At least, ms" }}
        />
        <span aria-hidden>–</span>
        <ConditionInput {...field("max")} input={{ ...milliseconds, placeholder: "to", "aria-label": "At most, ms" }} />
      </fieldset>
      <ConditionField {...field("order")} label="Order" size="id" input={ids} />
      <ConditionField {...field("session")} label="Session" size="id" input={ids} />
      <label className={conditions.field}>
        <input
          type="checkbox"
          checked={search.errors !== undefined}
          onChange={({ currentTarget }) => set({ errors: currentTarget.checked ? "1" : undefined })}
        />
        Errors only
      </label>
    </Conditions>
  );
}
