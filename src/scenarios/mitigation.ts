import type { Mitigation as ManifestMitigation } from "./manifest.ts";

/** What a mitigation can do. */
export const actions = ["clear", "restart", "roll-back", "scale"] as const;

/** Something that is done against what is wrong. */
export type Action =
  | { readonly action: "clear"; readonly flag: string }
  | { readonly action: "restart" | "roll-back"; readonly service: string }
  | { readonly action: "scale"; readonly service: string; readonly replicas: number };

/** `scale email to 3` */
export function actionText(action: Action): string {
  switch (action.action) {
    case "clear":
      return `clear ${action.flag}`;
    case "scale":
      return `scale ${action.service} to ${action.replicas}`;
    default:
      return `${action.action} ${action.service}`;
  }
}

/** Whether a manifest speaks of an action, to whatever number a service is scaled. */
export function isSameAction(said: ManifestMitigation, action: Action): boolean {
  if (said.action !== action.action) return false;
  if (said.action === "clear") return action.action === "clear" && said.flag === action.flag;
  return action.action !== "clear" && said.service === action.service;
}

/** A mitigation; times in milliseconds of Unix time. */
export interface Mitigation {
  readonly id: string;
  readonly action: Action;
  readonly startedMs: number;
  /** Undefined while it is under way. */
  readonly finishedMs: number | undefined;
  /** What was done; empty while it is under way, and when it failed. */
  readonly done: string;
  /** Why it failed. */
  readonly failure: string | undefined;
  /** What has been measured of it; undefined without a fault to judge by. */
  readonly judgement: Judgement | undefined;
}

/** Whether the trouble ended; `unknown` when too little has been measured since. */
export type Outcome = "unknown" | "helped" | "helped-for-a-while" | "did-not-help";

export interface Judgement {
  readonly outcome: Outcome;
  /** The effects that were there before it, and what they measure now. */
  readonly effects: readonly {
    readonly name: string;
    readonly before: number | undefined;
    readonly after: number | undefined;
    readonly isGone: boolean;
  }[];
}
