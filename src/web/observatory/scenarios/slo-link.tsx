import { Link } from "@tanstack/react-router";

/** An alert or an objective, pointed at on their page. */
export function SloLink({ name, children = name }: { readonly name: string; readonly children?: string }) {
  return (
    <Link to="/slos" hash={name} className="tap">
      {children}
    </Link>
  );
}

/** The objective that an alert watches; undefined for one that watches none. */
export function objectiveOf(alert: string): string | undefined {
  return /^(.+)-(?:page|ticket)$/.exec(alert)?.[1];
}
