import { VisuallyHidden } from "@mantine/core";
import { useId, useState } from "react";
import type { Flag } from "../../../../gen/orrery/flags/v1/flags_pb.ts";
import { flagService, reasonOf, writer } from "../api.ts";
import styles from "./targeting-editor.module.css";

/** The rule that says who gets which variant, as JSON that can be changed. */
export function TargetingEditor(props: {
  readonly flag: Flag;
  readonly version: string;
  readonly onSaid: (said: string) => void;
}) {
  const { flag, version, onSaid } = props;
  const { key, targeting } = flag;
  const id = useId();
  const [draft, setDraft] = useState<{ readonly text: string; readonly base: string }>();
  const [problem, setProblem] = useState<string>();
  const text = draft?.text ?? targeting;
  const isChanged = draft !== undefined && draft.text !== targeting;
  const isOvertaken = draft !== undefined && draft.base !== targeting;

  const check = (changed: string) => {
    setDraft({ text: changed, base: draft?.base ?? targeting });
    setProblem(complaint(changed));
  };
  const save = async () => {
    try {
      await flagService.setTargeting({ key, targeting: text, expectedVersion: version, writer });
      setDraft(undefined);
      setProblem(undefined);
      onSaid(`The rule of ${key} is changed.`);
    } catch (error) {
      setProblem(reasonOf(error));
    }
  };
  return (
    <details className={styles.editor}>
      <summary>
        {targeting === "" ? "Rule: none" : "Rule"}
        <VisuallyHidden> of {key}</VisuallyHidden>
      </summary>
      <label htmlFor={id} className="dimmed">
        JSON by{" "}
        <a href="https://flagd.dev/reference/flag-definitions/#targeting-rules" rel="noreferrer">
          flagd's rules
        </a>
        ; empty for no rule.
      </label>
      <textarea
        id={id}
        className={styles.text}
        rows={Math.min(14, Math.max(4, text.split("\n").length))}
        value={text}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        onChange={({ currentTarget }) => check(currentTarget.value)}
      />
      {problem !== undefined && (
        <p id={`${id}-problem`} role="alert" className="bad">
          {problem}
        </p>
      )}
      {isOvertaken && <p className="bad">The rule has been changed meanwhile; undo to see it as it is.</p>}
      <div className={styles.actions}>
        <button
          type="button"
          className="button"
          data-primary
          disabled={!isChanged || problem !== undefined || isOvertaken}
          onClick={() => void save()}
        >
          Save the rule
        </button>
        <button
          type="button"
          className="button"
          disabled={draft === undefined}
          onClick={() => {
            setDraft(undefined);
            setProblem(undefined);
          }}
        >
          Undo
        </button>
      </div>
    </details>
  );
}

function complaint(text: string): string | undefined {
  if (text.trim() === "") return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? undefined
      : "It is no JSON object.";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
