import { useState } from "react";
import styles from "./conditions.module.css";

/**
 * The conditions of a search. They are the address; a field takes effect with Enter or when it is left. Where there is
 * little width they are behind a button that tells how many are set.
 */
export function Conditions(props: {
  readonly label: string;
  /** How many conditions are set. */
  readonly count: number;
  /** Takes the values of all named fields; what is empty is undefined. */
  readonly onSubmit: (values: Record<string, string | undefined>) => void;
  readonly onClear: () => void;
  readonly children: React.ReactNode;
}) {
  const { count } = props;
  const [isOpen, setOpen] = useState(false);
  return (
    <form
      className={`filters ${styles.conditions}`}
      data-open={isOpen}
      aria-label={props.label}
      onSubmit={(event) => {
        event.preventDefault();
        setOpen(false);
        props.onSubmit(
          Object.fromEntries(
            [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value).trim() || undefined]),
          ),
        );
      }}
    >
      <button
        type="button"
        className={`button ${styles.opener}`}
        aria-expanded={isOpen}
        aria-pressed={count > 0}
        onClick={() => setOpen(!isOpen)}
      >
        Conditions{count > 0 && ` (${count})`}
      </button>
      {props.children}
      <button type="submit" className={`button ${styles.field}`}>
        Search
      </button>
      {count > 0 && (
        <button type="button" className="button" onClick={props.onClear}>
          Clear
        </button>
      )}
    </form>
  );
}

/** A text field among the conditions. */
export function ConditionField(props: {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  readonly size?: "wide" | "id" | undefined;
  readonly input?: React.InputHTMLAttributes<HTMLInputElement>;
  readonly children?: React.ReactNode;
}) {
  return (
    <label className={`${styles.field} ${props.size ? styles[props.size] : ""}`} htmlFor={props.id}>
      {props.label}
      <ConditionInput {...props} />
      {props.children}
    </label>
  );
}

/** As `ConditionField`, without its label. */
export function ConditionInput(props: {
  readonly id: string;
  readonly name: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  readonly input?: React.InputHTMLAttributes<HTMLInputElement>;
}) {
  const { value = "" } = props;
  return (
    <input
      // A new address brings a new field with its value.
      key={`${props.name} ${value}`}
      id={props.id}
      name={props.name}
      defaultValue={value}
      maxLength={256}
      onBlur={({ currentTarget }) => {
        const left = currentTarget.value.trim();
        if (left !== value) props.onChange(left || undefined);
      }}
      {...props.input}
    />
  );
}
