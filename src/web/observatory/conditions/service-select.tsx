import { observatory } from "../api.ts";
import { useLiveQuery } from "../live/live-query.ts";
import styles from "./conditions.module.css";

/** The services that have sent something, with their operations. */
export function useServices() {
  const { data } = useLiveQuery({
    key: ["services"],
    ask: (call) => observatory.listServices({}, call),
    everyMs: 15_000,
  });
  return data?.services ?? [];
}

/** Chooses a service among the conditions; one that an address names is there, whether it was seen or not. */
export function ServiceSelect(props: {
  readonly value: string | undefined;
  readonly onChange: (service: string | undefined) => void;
}) {
  const { value, onChange } = props;
  const names = useServices().map(({ name }) => name);
  return (
    <label className={styles.field}>
      Service
      <select value={value ?? ""} onChange={({ currentTarget }) => onChange(currentTarget.value || undefined)}>
        <option value="">any</option>
        {value !== undefined && !names.includes(value) && <option>{value}</option>}
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
