import { Link } from "@tanstack/react-router";
import { useWatched } from "../live/watch.ts";
import { Problem } from "./problem.tsx";

/** Says that somebody has broken the file, where and how, as long as it is so. */
export function BrokenFile() {
  const problems = useWatched((all) => all.now?.flags?.problems);
  const [first, ...others] = problems ?? [];
  if (first === undefined) return null;
  return (
    <Problem>
      <p>
        <strong>The file of flags is broken</strong>, and flags stay as they were: line {first.line}
        {first.path !== "" && (
          <>
            , <code>{first.path}</code>
          </>
        )}
        : {first.reason}
        {others.length > 0 && ` (and ${others.length} more)`}.
      </p>
      <Link to="/advanced" className="button">
        Mend it
      </Link>
    </Problem>
  );
}
