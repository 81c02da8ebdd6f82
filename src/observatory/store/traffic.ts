import { latencyBucket } from "./latency-buckets.ts";
import type { Cell } from "./table-writer.ts";

/** The grain of the roll-ups. */
export const slotNanos = 10_000_000_000n;

/** Of one sort of key at once; more are counted under {@link otherName}. */
const maxOperations = 4_000;
const maxEdges = 4_000;

/** Stands for names beyond what is kept apart. */
export const otherName = "(other)";

interface Counted {
  readonly key: readonly Cell[];
  readonly slot: bigint;
  readonly bucket: number;
  calls: number;
  errors: number;
}

export interface OperationCall {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  /** Whether the service was entered here: a server, a consumer, or the beginning of a trace. */
  readonly isEntry: boolean;
  readonly endNanos: bigint;
  readonly durationNanos: bigint;
  readonly isError: boolean;
}

export interface EdgeCall {
  readonly source: string;
  readonly target: string;
  readonly endNanos: bigint;
  readonly durationNanos: bigint;
  readonly isError: boolean;
}

/** A row of a roll-up that is not in the store yet. */
export interface PendingRow {
  readonly slot: bigint;
  /** As in the table, without time, bucket and counts. */
  readonly key: readonly Cell[];
  readonly bucket: number;
  readonly calls: number;
  readonly errors: number;
}

/**
 * Counts calls and operations as they arrive. What was counted is taken out from time to time and added to the tables
 * `edge_stats` and `operation_stats`; until then it is found here.
 */
export class Traffic {
  readonly #operations = new Map<string, Counted>();
  readonly #edges = new Map<string, Counted>();
  readonly #operationNames = new Set<string>();
  readonly #edgeNames = new Set<string>();
  #generation = 0;

  countOperation(call: OperationCall): void {
    const known = remember(this.#operationNames, `${call.service}\n${call.name}`, maxOperations);
    const name = known ? call.name : otherName;
    count(this.#operations, [call.service, name, call.kind, call.isEntry], call);
  }

  countEdge(call: EdgeCall): void {
    if (!remember(this.#edgeNames, `${call.source}\n${call.target}`, maxEdges)) return;
    count(this.#edges, [call.source, call.target], call);
  }

  get pendingOperations(): Iterable<PendingRow> {
    return this.#operations.values();
  }

  get pendingEdges(): Iterable<PendingRow> {
    return this.#edges.values();
  }

  /**
   * Reads stored and pending rows as of one moment: again, when pending ones were stored meanwhile and would be counted
   * twice or not at all.
   */
  async consistently<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      const before = this.#generation;
      const found = await read();
      if (this.#generation === before) return found;
    }
  }

  /** Forgets what was counted, after it was stored. */
  clear(): void {
    this.#generation++;
    this.#operations.clear();
    this.#edges.clear();
  }
}

function remember(names: Set<string>, name: string, max: number): boolean {
  if (names.has(name)) return true;
  if (names.size >= max) return false;
  names.add(name);
  return true;
}

function count(
  into: Map<string, Counted>,
  key: readonly Cell[],
  call: { readonly endNanos: bigint; readonly durationNanos: bigint; readonly isError: boolean },
): void {
  const slot = call.endNanos - (call.endNanos % slotNanos);
  const bucket = latencyBucket(Number(call.durationNanos) / 1e6);
  const id = `${key.join("\n")}\n${slot}\n${bucket}`;
  let counted = into.get(id);
  if (counted === undefined) {
    counted = { key, slot, bucket, calls: 0, errors: 0 };
    into.set(id, counted);
  }
  counted.calls++;
  if (call.isError) counted.errors++;
}
