import { useCallback, useEffect, useRef, useState } from "react";
import type { Problem } from "../../../../gen/orrery/flags/v1/flags_pb.ts";
import { flagService, reasonOf, writer } from "../api.ts";
import { useWatched } from "../live/watch.ts";

type Document = { readonly text: string; readonly version: string };

const checkAfterMs = 250;

/** The file as it is edited here, and as it is by now. */
export function useDocument() {
  const version = useWatched((all) => all.now?.flags?.version);
  /** What the edit began with. */
  const [base, setBase] = useState<Document>();
  /** The file, when somebody has changed it since. */
  const [theirs, setTheirs] = useState<Document>();
  const [draft, setDraft] = useState("");
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [failure, setFailure] = useState<string>();
  const isDirty = base !== undefined && draft !== base.text;
  const dirty = useRef(isDirty);
  dirty.current = isDirty;

  const take = useCallback((found: Document) => {
    setBase(found);
    setDraft(found.text);
    setTheirs(undefined);
  }, []);

  // The file has changed: what is untouched here follows, what is edited is compared.
  useEffect(() => {
    if (version === undefined || version === base?.version || version === theirs?.version) return;
    let isOver = false;
    flagService.getDocument({}).then(
      (found) => {
        if (isOver) return;
        if (dirty.current && found.text !== base?.text) setTheirs(found);
        else if (dirty.current) setBase(found);
        else take(found);
      },
      (error) => setFailure(reasonOf(error)),
    );
    return () => {
      isOver = true;
    };
  }, [version, base, theirs, take]);

  useEffect(() => {
    if (base === undefined) return;
    const ending = new AbortController();
    const timer = setTimeout(() => {
      flagService.checkDocument({ text: draft }, { signal: ending.signal }).then(
        ({ problems: found }) => setProblems(found),
        (error) => {
          if (!ending.signal.aborted) setFailure(reasonOf(error));
        },
      );
    }, checkAfterMs);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [draft, base]);

  return {
    base,
    theirs,
    draft,
    problems,
    failure,
    isDirty,
    edit: setDraft,
    /** Takes the file as it is by now for the beginning of the edit, with this text instead of the edited one. */
    rebase(text: string) {
      if (theirs === undefined) return;
      setBase(theirs);
      setTheirs(undefined);
      setDraft(text);
    },
    undo: () => {
      if (base !== undefined) take(theirs ?? base);
      setFailure(undefined);
    },
    /** @returns whether it was saved */
    async save(): Promise<boolean> {
      if (base === undefined) return false;
      setFailure(undefined);
      try {
        const { version: written } = await flagService.writeDocument({
          text: draft,
          expectedVersion: base.version,
          writer,
        });
        setBase({ text: draft, version: written });
        return true;
      } catch (error) {
        setFailure(reasonOf(error));
        return false;
      }
    },
  };
}
