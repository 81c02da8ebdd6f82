import type { Port } from "../platform/rpc/port.ts";
import type { Signal, TelemetrySink } from "../platform/telemetry/sink.ts";

/** What the process that has started this one takes from it, over the channel between the two. */
export type ParentKind = "plain" | "takes-telemetry";

/** What is told over the channel. */
export type ChildMessage =
  | { readonly kind: "ports"; readonly ports: Readonly<Record<string, number>> }
  | { readonly kind: "telemetry"; readonly signal: Signal; readonly request: Uint8Array };

/** The process that has started this one, with a channel to it. */
export class ParentProcess {
  /** Resolves when it has ended, in whatever way: nothing here is to outlive it. */
  readonly gone: Promise<unknown>;
  readonly #kind: ParentKind;

  constructor(kind: ParentKind) {
    this.#kind = kind;
    this.gone = new Promise<void>((resolve) => {
      process.once("disconnect", resolve);
      if (!process.connected) resolve();
    });
  }

  get sinks(): readonly TelemetrySink[] {
    if (this.#kind === "plain") return [];
    return [{ accept: (signal, request) => this.#tell({ kind: "telemetry", signal, request }) }];
  }

  tellPorts(ports: ReadonlyMap<string, Port>): void {
    this.#tell({
      kind: "ports",
      ports: Object.fromEntries([...ports].map(([service, { port }]) => [service, port])),
    });
  }

  #tell(message: ChildMessage): void {
    // Without a parent there is nobody to tell that it could not be told.
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  }
}
