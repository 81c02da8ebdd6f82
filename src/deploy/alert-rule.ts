import type { Team } from "./teams.ts";

/** A series that Prometheus computes, by its own names. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An alert that Prometheus raises, by its own names. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: {
    /** A page wants somebody now, a ticket within the day. */
    readonly severity: "page" | "ticket";
    readonly team: Team;
    readonly service: string;
    readonly objective?: string;
  };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

/** `90s`, `5m`: as Prometheus writes a duration. */
export function promDuration(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
