import type { Signal } from "../../platform/telemetry/sink.ts";
import type { DeclaredService } from "../system-shape.ts";
import type { DropReason } from "./drops.ts";
import type { StoreQueries } from "./store-queries.ts";

/** What the store's thread is started with. */
export interface WorkerSettings {
  readonly path: string | undefined;
  readonly memoryMb: number;
  readonly maxSpans: number;
  readonly queryTimeoutMs: number;
  readonly timeScale: number;
  readonly declarations: readonly DeclaredService[];
}

export type ToWorker =
  | { readonly kind: "telemetry"; readonly signal: Signal; readonly request: Uint8Array }
  | { readonly kind: "dropped"; readonly signal: Signal; readonly reason: DropReason; readonly count: number }
  | { readonly kind: "ask"; readonly id: number; readonly query: keyof StoreQueries; readonly args: readonly unknown[] }
  | { readonly kind: "stop" };

export type FromWorker =
  | { readonly kind: "ready"; readonly notice: string | undefined }
  /** What the operator should know. */
  | { readonly kind: "told"; readonly line: string }
  /** Bytes of requests that were taken in since the last time. */
  | { readonly kind: "taken"; readonly bytes: number }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly message: string; readonly isRefusal: boolean };
