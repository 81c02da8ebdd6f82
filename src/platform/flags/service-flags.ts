import type { JsonValue } from "@openfeature/server-sdk";
import {
  type Client,
  type EvaluationContext,
  OpenFeature,
  type Provider,
  type ResolutionDetails,
} from "@openfeature/server-sdk";
import type { FlagValue } from "./flag.ts";
import { FlagSet } from "./flag-set.ts";

/** What a service asks of flags. */
export interface ServiceFlags {
  /**
   * The value of a flag that the service declares.
   *
   * @param resting what holds while the flag is at rest, unknown, or cannot be had
   * @param context what rules may look at
   */
  value<T extends FlagValue>(key: string, resting: T, context?: EvaluationContext): Promise<Widened<T>>;
  /** Tells which flags have changed; for faults that go on beside requests. */
  onChange(listener: (changed: readonly string[]) => void): () => void;
}

/** `boolean` for `false`, and so on: what a default's type says of the values that a flag may have. */
export type Widened<T extends FlagValue> = T extends boolean ? boolean : T extends number ? number : string;

/** Told of each evaluation, as OpenFeature's hooks are. */
export interface FlagObserver {
  /** Whether flags at rest are evaluated, too, only to be told of. */
  readonly wantsResting: boolean;
  evaluated(evaluation: {
    readonly key: string;
    readonly value: FlagValue;
    readonly variant: string | undefined;
    readonly reason: string | undefined;
    readonly errorCode: string | undefined;
    readonly context: EvaluationContext;
  }): void;
}

let clients = 0;

/**
 * Flags for one service, by OpenFeature's client. A flag that can have no other value than its resting one is not
 * evaluated: being able to break costs a healthy shop nothing.
 */
export function serviceFlags(options: {
  readonly set: FlagSet;
  readonly declared: ReadonlySet<string>;
  /** Those that are at rest here whatever their variant, for another process sees to them. */
  readonly withheld?: ReadonlySet<string>;
  readonly service: string;
  readonly observer?: FlagObserver;
}): ServiceFlags {
  const { set, declared, withheld, service, observer } = options;
  // OpenFeature knows providers by name, for the process as a whole; there may be several shops in one.
  const domain = `${service}#${++clients}`;
  OpenFeature.setProvider(domain, flagProvider(set));
  const client = OpenFeature.getClient(domain);
  if (observer !== undefined) {
    client.addHooks({
      finally({ flagKey, context }, { value, variant, reason, errorCode }) {
        if (typeof value === "object") return;
        observer.evaluated({ key: flagKey, value, variant, reason, errorCode, context });
      },
    });
  }
  return {
    async value<T extends FlagValue>(key: string, resting: T, context: EvaluationContext = {}): Promise<Widened<T>> {
      if (!declared.has(key)) throw new Error(`${service} evaluates ${key} without declaring it`);
      const atRest = resting as unknown as Widened<T>;
      if (withheld?.has(key)) return atRest;
      if (observer?.wantsResting !== true && set.isAtRest(key, resting)) return atRest;
      return (await evaluate(client, key, resting, context)) as Widened<T>;
    },
    onChange: (listener) => set.onChange(listener),
  };
}

/** Flags of a process that has none: all at rest. */
export const noFlags = new FlagSet();

function evaluate(client: Client, key: string, resting: FlagValue, context: EvaluationContext): Promise<FlagValue> {
  if (typeof resting === "boolean") return client.getBooleanValue(key, resting, context);
  if (typeof resting === "number") return client.getNumberValue(key, resting, context);
  return client.getStringValue(key, resting, context);
}

function flagProvider({ core }: FlagSet): Provider {
  const now = <T>(details: ResolutionDetails<T>) => Promise.resolve(details);
  return {
    metadata: { name: "flagd" },
    runsOn: "server",
    resolveBooleanEvaluation: (key, value, context) => now(core.resolveBooleanEvaluation(key, value, context)),
    resolveStringEvaluation: (key, value, context) => now(core.resolveStringEvaluation(key, value, context)),
    resolveNumberEvaluation: (key, value, context) => now(core.resolveNumberEvaluation(key, value, context)),
    resolveObjectEvaluation: <T extends JsonValue>(key: string, value: T, context: EvaluationContext) =>
      now(core.resolveObjectEvaluation(key, value, context)),
  };
}
