import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { VisuallyHidden } from "@mantine/core";
import { useId } from "react";
import type { Fault, Flag, Variant } from "../../../../gen/orrery/flags/v1/flags_pb.ts";
import { env } from "../env.ts";
import { formatTime } from "../live/format-time.ts";
import styles from "./flag-card.module.css";
import { TargetingEditor } from "./targeting-editor.tsx";

/** A flag: what it is, what it does, and the choice of its variant. */
export function FlagCard(props: {
  readonly flag: Flag;
  /** Of the file, as it is seen. */
  readonly version: string;
  readonly onSet: (variant: string) => void;
  readonly onRest: () => void;
  readonly onSaid: (said: string) => void;
}) {
  const { flag, version, onSet, onRest, onSaid } = props;
  const { key, description, variants, variant, restingVariant, isAtRest, isDisabled, fault, targeting } = flag;
  const id = useId();
  const isOn = !isAtRest;
  return (
    <article className={styles.card} data-on={isOn} aria-labelledby={`${id}-key`}>
      <header className={styles.head}>
        <h3 id={`${id}-key`} className={styles.key}>
          {key}
        </h3>
        <span className={styles.mark} data-on={isOn}>
          {isDisabled ? "disabled" : isOn ? "on" : "at rest"}
        </span>
      </header>
      <p id={`${id}-description`}>{description}</p>
      <div className={styles.choice}>
        <label htmlFor={`${id}-variant`}>Variant</label>
        <select
          id={`${id}-variant`}
          aria-describedby={`${id}-description`}
          value={variant}
          disabled={isDisabled}
          onChange={({ currentTarget }) => onSet(currentTarget.value)}
        >
          {!variants.some(({ name }) => name === variant) && <option value={variant}>{variant || "none"}</option>}
          {variants.map((each) => (
            <option key={each.name} value={each.name}>
              {labelOf(each)}
            </option>
          ))}
        </select>
        {isOn && restingVariant !== "" && (
          <button type="button" className="button" onClick={onRest}>
            Put at rest<VisuallyHidden>: {key}</VisuallyHidden>
          </button>
        )}
      </div>
      {flag.heldUntil && <p className={styles.held}>Held by the scheduler until {formatTime(flag.heldUntil)}.</p>}
      {targeting !== "" && !isDisabled && (
        <p className="dimmed">A rule says who gets it; the variant is what the rule gives them.</p>
      )}
      {fault && <FaultDetails fault={fault} flag={flag} />}
      <TargetingEditor flag={flag} version={version} onSaid={onSaid} />
    </article>
  );
}

function FaultDetails({ fault, flag }: { readonly fault: Fault; readonly flag: Flag }) {
  const { category, effect, blastRadius, symptom, bound, needsOwnProcess } = fault;
  const { OBSERVATORY_URL: observatory } = env;
  return (
    <details className={styles.details}>
      <summary>
        What it does<VisuallyHidden>: {flag.key}</VisuallyHidden>
      </summary>
      <dl>
        <dt>Effect ({category})</dt>
        <dd>{effect}</dd>
        <dt>Who is affected</dt>
        <dd>{blastRadius}</dd>
        <dt>What proves it</dt>
        <dd>
          {symptom}
          {observatory && (
            <>
              {" "}
              <a href={`${observatory}traces?service=${encodeURIComponent(flag.service)}&errors=true`}>
                Failed traces of {flag.service}
              </a>
            </>
          )}
        </dd>
        {bound !== "" && (
          <>
            <dt>Where it stops</dt>
            <dd>{bound}</dd>
          </>
        )}
        {needsOwnProcess && (
          <>
            <dt>Beware</dt>
            <dd>It takes the whole process down with it: where all services share one, all of them.</dd>
          </>
        )}
      </dl>
    </details>
  );
}

/** `90% = 0.95`; the name alone where the value says no more. */
function labelOf({ name, value }: Variant): string {
  const json = value === undefined ? undefined : toJson(ValueSchema, value);
  const isPlain = ["on", "off"].includes(name) && [true, false, 0, 1].some((plain) => plain === json);
  return isPlain || String(json) === name || json === undefined ? name : `${name} = ${JSON.stringify(json)}`;
}
