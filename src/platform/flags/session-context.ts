import type { EvaluationContext } from "@openfeature/server-sdk";
import { currentCall } from "../rpc/call-context.ts";
import { baggageEntry } from "../telemetry/baggage.ts";

/** Whose request it is, for rules by session: the id that travels as baggage. */
export function sessionContext(): EvaluationContext {
  const session = baggageEntry(currentCall()?.propagated ?? [], "session.id");
  return session === undefined ? {} : { targetingKey: session, session };
}
