import { VisuallyHidden } from "@mantine/core";
import { useId, useState } from "react";
import type { Schedule } from "../../../../gen/orrery/flags/v1/flags_pb.ts";
import { flagService, reasonOf } from "../api.ts";
import { Problem } from "../layout/problem.tsx";
import {
  type FormValues,
  presets,
  problemsOf,
  type Selection,
  selectedFlags,
  selectionOf,
  valuesOf,
} from "./form-values.ts";
import styles from "./schedule-form.module.css";

const fields: readonly { readonly name: keyof FormValues; readonly label: string; readonly hint?: string }[] = [
  { name: "interval", label: "Interval, s" },
  { name: "min", label: "On for at least, s" },
  { name: "max", label: "On for at most, s" },
  { name: "concurrency", label: "Flags in an interval" },
  { name: "seed", label: "Seed", hint: "drawn" },
];

/** How often, for how long, and which: what a schedule is started with. */
export function ScheduleForm({ schedule }: { readonly schedule: Schedule }) {
  const { isRunning, settings, eligible } = schedule;
  const [values, setValues] = useState(() => valuesOf(settings));
  const [chosen, setChosen] = useState<Selection>();
  const [failure, setFailure] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  const selection = chosen ?? selectionOf(eligible, settings?.flags ?? []);
  const problems = problemsOf(values);
  const count = [...selection.values()].reduce((sum, variants) => sum + variants.size, 0);
  const isRight = Object.keys(problems).length === 0 && count > 0;

  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setFailure(undefined);
    await work().catch((error) => setFailure(reasonOf(error)));
    setBusy(false);
  };
  const start = () =>
    act(() =>
      flagService.startSchedule({
        settings: {
          intervalSeconds: Number(values.interval),
          minSeconds: Number(values.min),
          maxSeconds: Number(values.max),
          concurrency: Number(values.concurrency),
          ...(values.seed.trim() === "" ? {} : { seed: Number(values.seed) }),
          flags: selectedFlags(selection),
        },
      }),
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isRight) void start();
      }}
    >
      <fieldset className={styles.presets}>
        <VisuallyHidden component="legend">Presets</VisuallyHidden>
        {presets.map(({ name, interval, min, max }) => (
          <button
            key={name}
            type="button"
            className="button"
            onClick={() => setValues({ ...values, interval: String(interval), min: String(min), max: String(max) })}
          >
            {name}
          </button>
        ))}
      </fieldset>
      <div className={styles.fields}>
        {fields.map(({ name, label, hint }) => (
          <div key={name} className={styles.field}>
            <label htmlFor={`${id}-${name}`}>{label}</label>
            <input
              id={`${id}-${name}`}
              inputMode="numeric"
              autoComplete="off"
              placeholder={hint}
              value={values[name]}
              aria-invalid={problems[name] !== undefined}
              aria-describedby={problems[name] === undefined ? undefined : `${id}-${name}-problem`}
              onChange={({ currentTarget }) => setValues({ ...values, [name]: currentTarget.value })}
            />
            {problems[name] !== undefined && (
              <p id={`${id}-${name}-problem`} className="bad">
                {problems[name]}
              </p>
            )}
          </div>
        ))}
      </div>
      {failure !== undefined && (
        <Problem>
          <p>{failure}</p>
        </Problem>
      )}
      <div className={styles.actions}>
        <button type="submit" className="button" data-primary disabled={!isRight || isBusy}>
          {isRunning ? "Restart" : "Start"}
        </button>
        <button
          type="button"
          className="button"
          disabled={(!isRunning && schedule.active.length === 0) || isBusy}
          onClick={() => void act(() => flagService.stopSchedule({}))}
        >
          Stop and revert
        </button>
        {count === 0 && <p className="bad">Select at least one variant.</p>}
      </div>
      <SelectionTable eligible={eligible} selection={selection} onChange={setChosen} />
    </form>
  );
}

/** Which variants may come. */
function SelectionTable(props: {
  readonly eligible: Schedule["eligible"];
  readonly selection: Selection;
  readonly onChange: (selection: Selection) => void;
}) {
  const { eligible, selection, onChange } = props;
  const change = (key: string, variants: readonly string[]) => onChange(new Map(selection).set(key, new Set(variants)));
  const all = (isOn: boolean) =>
    onChange(new Map(eligible.map(({ key, variants }) => [key, new Set(isOn ? variants : [])])));
  return (
    <section aria-label="What may be switched on">
      <div className={styles.selectionHead}>
        <h2>What may be switched on</h2>
        <button type="button" className="button" onClick={() => all(true)}>
          All
        </button>
        <button type="button" className="button" onClick={() => all(false)}>
          None
        </button>
      </div>
      <div className={styles.selection}>
        {eligible.map(({ key, variants }) => {
          const chosen = selection.get(key) ?? new Set<string>();
          return (
            <fieldset key={key} className={styles.flag}>
              <legend>
                <label className={styles.check}>
                  <input
                    type="checkbox"
                    checked={chosen.size === variants.length}
                    ref={(box) => {
                      if (box) box.indeterminate = chosen.size > 0 && chosen.size < variants.length;
                    }}
                    onChange={({ currentTarget }) => change(key, currentTarget.checked ? variants : [])}
                  />
                  <code>{key}</code>
                </label>
              </legend>
              {variants.map((variant) => (
                <label key={variant} className={styles.check}>
                  <input
                    type="checkbox"
                    checked={chosen.has(variant)}
                    onChange={({ currentTarget }) =>
                      change(
                        key,
                        variants.filter((each) => (each === variant ? currentTarget.checked : chosen.has(each))),
                      )
                    }
                  />
                  {variant}
                </label>
              ))}
            </fieldset>
          );
        })}
      </div>
    </section>
  );
}
