import type { JsonObject } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { EvaluationContext, FlagMetadata } from "@openfeature/server-sdk";
import type { Service as EvaluationV1 } from "../../../gen/flagd/evaluation/v1/evaluation_pb.ts";
import type { Service as EvaluationV2 } from "../../../gen/flagd/evaluation/v2/evaluation_pb.ts";
import type { FlagSet } from "../../platform/flags/flag-set.ts";
import { rpcError } from "../../platform/rpc/errors.ts";
import { flagdErrors } from "./errors.ts";

/** What flagd's `Resolve…` methods ask, in both versions. */
interface Request {
  readonly flagKey: string;
  readonly context?: JsonObject | undefined;
}

/** flagd tells that a stream is alive as often as this, so that nothing between takes it for idle. */
const keepAliveMs = 20_000;

/** flagd's evaluation, version 1: a flag that is disabled is an error. */
export function evaluationV1(set: FlagSet, closing: AbortSignal): ServiceImpl<typeof EvaluationV1> {
  const { resolve, resolveAll, events } = evaluation(set, closing);
  const enabled = <T>(type: Type, fallback: T, request: Request) => {
    const { value, variant = "", ...rest } = resolve(type, fallback, request);
    if (value === undefined) throw rpcError(flagdErrors.FLAG_DISABLED, `The flag ${request.flagKey} is disabled.`);
    return { ...rest, value, variant };
  };
  return {
    resolveBoolean: (request) => enabled("boolean", false, request),
    resolveString: (request) => enabled("string", "", request),
    resolveFloat: (request) => enabled("number", 0, request),
    resolveInt: (request) => {
      const { value, ...rest } = enabled("number", 0, request);
      return { ...rest, value: BigInt(Math.trunc(value)) };
    },
    resolveObject: (request) => enabled<JsonObject>("object", {}, request),
    resolveAll: ({ context }) => resolveAll(context),
    eventStream: (_, { signal }) => events(signal),
  };
}

/** flagd's evaluation, version 2: who asks for a flag without a value is told to take a default. */
export function evaluationV2(set: FlagSet, closing: AbortSignal): ServiceImpl<typeof EvaluationV2> {
  const { resolve, resolveAll, events } = evaluation(set, closing);
  return {
    resolveBoolean: (request) => resolve("boolean", false, request),
    resolveString: (request) => resolve("string", "", request),
    resolveFloat: (request) => resolve("number", 0, request),
    resolveInt: (request) => {
      const { value, ...rest } = resolve("number", 0, request);
      return { ...rest, ...(value === undefined ? {} : { value: BigInt(Math.trunc(value)) }) };
    },
    resolveObject: (request) => resolve<JsonObject>("object", {}, request),
    resolveAll: ({ context }) => resolveAll(context),
    eventStream: (_, { signal }) => events(signal),
  };
}

type Type = "boolean" | "string" | "number" | "object";

interface Resolved<T> {
  readonly value?: T;
  readonly variant?: string;
  readonly reason: string;
  readonly metadata: JsonObject;
}

function evaluation(set: FlagSet, closing: AbortSignal) {
  return {
    resolve<T>(type: Type, fallback: T, { flagKey, context }: Request): Resolved<T> {
      const given = (context ?? {}) as EvaluationContext;
      const { value, variant, reason, errorCode, errorMessage, flagMetadata } = set.core.resolve(
        type,
        flagKey,
        fallback as never,
        given,
      );
      if (errorCode !== undefined) throw rpcError(errorOf(errorCode), errorMessage ?? `${flagKey}: ${errorCode}`);
      return {
        reason: reason ?? "UNKNOWN",
        metadata: metadataOf(flagMetadata),
        // Without a variant, the value is the one that was given.
        ...(variant === undefined ? {} : { value: value as T, variant }),
      };
    },

    resolveAll(context: JsonObject | undefined) {
      const flags: Record<string, ReturnType<typeof anyFlag>> = {};
      for (const { flagKey, value, variant, reason, flagMetadata } of set.core.resolveAll(
        (context ?? {}) as EvaluationContext,
      )) {
        flags[flagKey] = anyFlag(value, { variant: variant ?? "", reason: reason ?? "UNKNOWN", flagMetadata });
      }
      return { flags, metadata: metadataOf(set.core.getFlagSetMetadata()) };
    },

    async *events(caller: AbortSignal) {
      const signal = AbortSignal.any([caller, closing]);
      yield { type: "provider_ready" };
      for await (const changed of changesOf(set, signal)) {
        // Clients that keep values forget those that are named.
        yield changed.length === 0
          ? { type: "keep_alive" }
          : {
              type: "configuration_change",
              data: { flags: Object.fromEntries(changed.map((key) => [key, { type: "update", flagKey: key }])) },
            };
      }
    },
  };
}

/**
 * The keys that change, from now on until `signal`; an empty list now and then, when nothing does.
 */
export async function* changesOf(set: FlagSet, signal: AbortSignal): AsyncIterable<readonly string[]> {
  let changed = new Set<string>();
  let wake = () => {};
  const unsubscribe = set.onChange((keys) => {
    for (const key of keys) changed.add(key);
    wake();
  });
  const leave = () => wake();
  signal.addEventListener("abort", leave, { once: true });
  try {
    while (!signal.aborted) {
      if (changed.size === 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, keepAliveMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      if (signal.aborted) return;
      const keys = [...changed];
      changed = new Set();
      yield keys;
    }
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", leave);
  }
}

function anyFlag(
  value: unknown,
  { variant, reason, flagMetadata }: { variant: string; reason: string; flagMetadata: FlagMetadata },
) {
  return { variant, reason, metadata: metadataOf(flagMetadata), value: anyValue(value) };
}

function anyValue(value: unknown) {
  if (typeof value === "boolean") return { case: "boolValue" as const, value };
  if (typeof value === "number") return { case: "doubleValue" as const, value };
  if (typeof value === "string") return { case: "stringValue" as const, value };
  return { case: "objectValue" as const, value: value as JsonObject };
}

function metadataOf(metadata: FlagMetadata): JsonObject {
  return { ...metadata };
}

function errorOf(code: string) {
  if (code === "FLAG_NOT_FOUND") return flagdErrors.FLAG_NOT_FOUND;
  if (code === "TYPE_MISMATCH") return flagdErrors.TYPE_MISMATCH;
  if (code === "PARSE_ERROR") return flagdErrors.PARSE_ERROR;
  return flagdErrors.FLAG_ERROR;
}
