import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { formatTime } from "../format.ts";
import { useTimeRange } from "../live/live-query.ts";
import { fixedRange, presets } from "../live/time-range.ts";
import styles from "./range-picker.module.css";

function toLocalInput(ms: number): string {
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19);
}

/** Chooses what part of time all views show; the choice is part of the address. */
export function RangePicker() {
  const navigate = useNavigate();
  const { range: text = "15m" } = useSearch({ strict: false });
  const { range, bounds } = useTimeRange();
  const [isCustom, setCustom] = useState(false);
  const choose = (value: string) =>
    navigate({ to: ".", search: (before) => ({ ...before, range: value }), replace: true });
  return (
    <div className={styles.picker}>
      <select
        aria-label="Time range"
        className={styles.select}
        value={range.kind === "fixed" ? "fixed" : text}
        onChange={(event) => {
          const value = event.currentTarget.value;
          if (value === "custom") setCustom(true);
          else if (value !== "fixed") void choose(value);
        }}
      >
        {range.kind === "fixed" && (
          <option value="fixed">
            {formatTime(range.startMs, { millis: false })} – {formatTime(range.endMs, { millis: false })}
          </option>
        )}
        {range.kind === "last" && presets.every((preset) => preset.text !== text) && (
          <option value={text}>Last {text}</option>
        )}
        {presets.map((preset) => (
          <option key={preset.text} value={preset.text}>
            {preset.label}
          </option>
        ))}
        <option value="custom">Custom…</option>
      </select>
      {isCustom && (
        <CustomRange
          initial={bounds()}
          onClose={() => setCustom(false)}
          onChoose={(startMs, endMs) => {
            setCustom(false);
            void choose(fixedRange(startMs, endMs));
          }}
        />
      )}
    </div>
  );
}

function CustomRange(props: {
  readonly initial: { readonly startMs: number; readonly endMs: number };
  readonly onChoose: (startMs: number, endMs: number) => void;
  readonly onClose: () => void;
}) {
  const [start, setStart] = useState(toLocalInput(props.initial.startMs));
  const [end, setEnd] = useState(toLocalInput(props.initial.endMs));
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const startMs = new Date(start).getTime();
  const endMs = new Date(end).getTime();
  return (
    <dialog ref={dialog} className={styles.dialog} onClose={props.onClose} aria-label="Custom time range">
      <form
        method="dialog"
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (startMs < endMs) props.onChoose(startMs, endMs);
        }}
      >
        <label>
          From
          <input
            type="datetime-local"
            step="1"
            required
            value={start}
            onChange={(event) => setStart(event.currentTarget.value)}
          />
        </label>
        <label>
          To
          <input
            type="datetime-local"
            step="1"
            required
            value={end}
            onChange={(event) => setEnd(event.currentTarget.value)}
          />
        </label>
        {!(startMs < endMs) && <p className="bad">The start has to be before the end.</p>}
        <div className={styles.actions}>
          <button type="button" className="button" onClick={props.onClose}>
            Cancel
          </button>
          <button type="submit" className="button" data-primary disabled={!(startMs < endMs)}>
            Show
          </button>
        </div>
      </form>
    </dialog>
  );
}
