import { bucketCount, latencyBucket } from "./latency-buckets.ts";
import type { Cell } from "./table-writer.ts";

/** The grain of the roll-ups, where no time is scaled. */
const slotOfRealTime = 10_000_000_000n;

/** Of one sort of key at once; more are counted under {@link otherName}. */
const maxOperations = 4_000;
const maxEdges = 4_000;

/** Stands for names beyond what is kept apart. */
export const otherName = "(other)";

/** What a roll-up tells of a span. */
export interface Outcome {
  /** Which slot it ended in, counted since 1970. */
  readonly slot: number;
  readonly bucket: number;
  readonly isError: boolean;
  /** How many spans it stands for, itself included: more than one where traces were sampled. */
  readonly standsFor: number;
}

export interface Operation {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  /** Whether the service was entered here: a server, a consumer, or the beginning of a trace. */
  readonly isEntry: boolean;
}

export interface Edge {
  readonly source: string;
  readonly target: string;
}

interface Counted {
  readonly key: readonly Cell[];
  readonly slot: bigint;
  readonly bucket: number;
  calls: number;
  errors: number;
}

/** What was counted of one operation or edge, by slot and bucket in one number. */
interface Series {
  readonly key: readonly Cell[];
  readonly counted: Map<number, Counted>;
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
  readonly #operations = new Map<string, Series>();
  readonly #edges = new Map<string, Series>();
  readonly #operationNames = new Set<string>();
  readonly #edgeNames = new Set<string>();
  #generation = 0;
  /** The grain of the roll-ups. */
  readonly slotNanos: bigint;

  /** @param timeScale how many times finer the grain is than ten seconds */
  constructor(timeScale: number) {
    this.slotNanos = slotOfRealTime / BigInt(timeScale);
  }

  outcomeOf(span: {
    readonly startNanos: bigint;
    readonly endNanos: bigint;
    readonly isError: boolean;
    readonly standsFor: number;
  }): Outcome {
    return {
      slot: Number(span.endNanos / this.slotNanos),
      bucket: latencyBucket(Number(span.endNanos - span.startNanos) / 1e6),
      isError: span.isError,
      standsFor: span.standsFor,
    };
  }

  /** The beginning of the slot that a time lies in. */
  slotStart(nanos: bigint): bigint {
    return nanos - (nanos % this.slotNanos);
  }

  countOperation({ service, name, kind, isEntry }: Operation, outcome: Outcome): void {
    const known = remember(this.#operationNames, `${service}\n${name}`, maxOperations) ? name : otherName;
    const id = `${service}\n${known}\n${kind}\n${isEntry}`;
    let series = this.#operations.get(id);
    if (series === undefined) {
      series = { key: [service, known, kind, isEntry], counted: new Map() };
      this.#operations.set(id, series);
    }
    this.#count(series, outcome);
  }

  countEdge({ source, target }: Edge, outcome: Outcome): void {
    const id = `${source}\n${target}`;
    let series = this.#edges.get(id);
    if (series === undefined) {
      if (!remember(this.#edgeNames, id, maxEdges)) return;
      series = { key: [source, target], counted: new Map() };
      this.#edges.set(id, series);
    }
    this.#count(series, outcome);
  }

  get pendingOperations(): Iterable<PendingRow> {
    return rowsOf(this.#operations);
  }

  get pendingEdges(): Iterable<PendingRow> {
    return rowsOf(this.#edges);
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

  #count({ key, counted }: Series, { slot, bucket, isError, standsFor }: Outcome): void {
    const at = slot * bucketCount + bucket;
    let row = counted.get(at);
    if (row === undefined) {
      row = { key, slot: BigInt(slot) * this.slotNanos, bucket, calls: 0, errors: 0 };
      counted.set(at, row);
    }
    row.calls += standsFor;
    if (isError) row.errors += standsFor;
  }
}

function remember(names: Set<string>, name: string, max: number): boolean {
  if (names.has(name)) return true;
  if (names.size >= max) return false;
  names.add(name);
  return true;
}

function* rowsOf(all: ReadonlyMap<string, Series>): Iterable<PendingRow> {
  for (const { counted } of all.values()) yield* counted.values();
}
