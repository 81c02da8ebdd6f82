import { useEffect, useRef, useState } from "react";
import { usePageTitle } from "../layout/page-title.ts";
import { Notice, Problem } from "../layout/problem.tsx";
import styles from "./advanced-page.module.css";
import { type EditorHandle, JsonEditor } from "./json-editor.tsx";
import { merge } from "./merge.ts";
import { useDocument } from "./use-document.ts";

/** The whole file of flags in an editor, checked as it is written, saved over no change of somebody else. */
export function AdvancedPage() {
  usePageTitle("All definitions");
  const { base, theirs, draft, problems, failure, isDirty, edit, rebase, undo, save } = useDocument();
  const [said, setSaid] = useState("");
  const editor = useRef<EditorHandle>(null);
  const canSave = isDirty && problems.length === 0 && theirs === undefined;

  useEffect(() => {
    if (!isDirty) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isDirty]);

  const keep = async () => {
    setSaid("");
    if (canSave && (await save())) setSaid("Saved, and in force.");
  };
  return (
    <>
      <div className="page-head">
        <h1>All definitions</h1>
        <p className="dimmed">
          The file as flagd reads it.{" "}
          <span className={styles.keys}>
            <kbd>Ctrl</kbd> <kbd>S</kbd> saves, <kbd>Esc</kbd> then <kbd>Tab</kbd> leaves the editor.
          </span>
        </p>
      </div>
      {theirs !== undefined && base !== undefined && (
        <Overtaken base={base.text} mine={draft} theirs={theirs.text} onTake={rebase} />
      )}
      {failure !== undefined && (
        <Problem>
          <p>{failure}</p>
        </Problem>
      )}
      <JsonEditor
        ref={editor}
        label="Definitions of flags"
        value={draft}
        problems={problems}
        onChange={(text) => {
          setSaid("");
          edit(text);
        }}
        onSave={() => void keep()}
      />
      <div className={styles.actions}>
        <button type="button" className="button" data-primary disabled={!canSave} onClick={() => void keep()}>
          Save
        </button>
        <button type="button" className="button" disabled={!isDirty} onClick={undo}>
          Undo all
        </button>
        <p role="status" className={isDirty ? styles.dirty : styles.said}>
          {isDirty ? "Unsaved changes" : said}
        </p>
      </div>
      <section aria-label="Problems" aria-live="polite">
        {problems.length > 0 && (
          <>
            <h2 className="bad">
              {problems.length === 1 ? "1 problem" : `${problems.length} problems`}: it cannot be saved like that
            </h2>
            <ul className={styles.problems}>
              {problems.map(({ line, path, reason }) => (
                <li key={`${line} ${path} ${reason}`}>
                  <button type="button" className={styles.line} onClick={() => editor.current?.goTo(line)}>
                    Line {line}
                  </button>{" "}
                  {path !== "" && (
                    <>
                      <code>{path}</code>:{" "}
                    </>
                  )}
                  {reason}
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
    </>
  );
}

/** Somebody has changed the file while it was edited here: what, and what can be done. */
function Overtaken(props: {
  readonly base: string;
  readonly mine: string;
  readonly theirs: string;
  readonly onTake: (text: string) => void;
}) {
  const { base, mine, theirs, onTake } = props;
  const merged = merge(base, mine, theirs);
  const changed = merged.kind === "unreadable" ? [] : merged.theirs;
  return (
    <Notice>
      <div>
        <p>
          <strong>The file has been changed meanwhile</strong>
          {changed.length > 0 && `: ${changed.join(", ")}`}.{" "}
          {merged.kind === "conflict" && `You have changed ${merged.keys.join(", ")}, too.`}
          {merged.kind === "unreadable" && "What exactly cannot be told while one of both is not valid."}
        </p>
        <details>
          <summary>The file as it is now</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
          <pre className={styles.theirs} tabIndex={0}>
            {theirs}
          </pre>
        </details>
      </div>
      <div className={styles.choices}>
        {merged.kind === "merged" && (
          <button type="button" className="button" data-primary onClick={() => onTake(merged.text)}>
            Take both changes
          </button>
        )}
        <button type="button" className="button" onClick={() => onTake(mine)}>
          Keep mine
        </button>
        <button type="button" className="button" onClick={() => onTake(theirs)}>
          Take theirs
        </button>
      </div>
    </Notice>
  );
}
