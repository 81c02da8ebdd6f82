import type { Manifest } from "../manifest.ts";
import type { Action } from "../mitigation.ts";

/** An alert of the shop; times in milliseconds of Unix time. */
export interface SeenAlert {
  readonly name: string;
  readonly sinceMs: number;
  readonly untilMs: number | undefined;
  /** Whether it is raised, rather than about to be. */
  readonly isFiring: boolean;
}

/** How an objective was kept over a stretch of time. */
export interface SeenObjective {
  readonly name: string;
  readonly events: number;
  /** Share of good events; 1 when there were none. */
  readonly good: number;
}

/** A stretch of time, in milliseconds of Unix time. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a run does to a shop, and what it sees of it. */
export interface ScenarioShop {
  setFlag(key: string, variant: string): Promise<void>;
  /** Puts every flag at rest that is a fault, or of the load. */
  clearFlags(): Promise<void>;
  /** Checks an action, and throws if it cannot be done; what does it, and says what was done. */
  mitigation(action: Action): () => Promise<string>;
  /** Takes back that services were given replicas. */
  unscale(): Promise<void>;
  startLoad(load: Manifest["load"], seed: number): Promise<void>;
  /** Puts back the load that there was before. */
  stopLoad(): Promise<void>;
  alerts(): Promise<readonly SeenAlert[]>;
  objectives(span: Span): Promise<readonly SeenObjective[]>;
  /** The first number of the first row; undefined when there is none. */
  measure(sql: string, span: Span): Promise<number | undefined>;
}
