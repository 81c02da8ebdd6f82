import { constants, PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

/** What a process holds of the memory that it may use, in bytes. */
export interface MemoryBounds {
  /** What lives in the heap, garbage aside. */
  readonly heapLive: number;
  readonly heapLimit: number;
  readonly resident: number;
  /** What the system says that can still be had. */
  readonly available: number;
  /** The limit of the container, or 0, or more than the machine has, where there is none. */
  readonly constrained: number;
  readonly machine: number;
}

/** How much of its heap or of its container a process uses, whichever is nearer to its limit: 0 to 1. */
export function memoryUtilization(bounds: MemoryBounds): number {
  const { heapLive, heapLimit, resident, available, constrained, machine } = bounds;
  const ofHeap = heapLive / heapLimit;
  if (constrained <= 0 || constrained >= machine) return ofHeap;
  // The container's own count has files in it that were read and can be forgotten, the process's has pages that others
  // pay for: what cannot be given back is no more than either.
  return Math.max(ofHeap, Math.min(resident, constrained - available) / constrained);
}

/**
 * Tells what lives in the heap. Between two full collections the heap fills with garbage up to its limit, which says
 * nothing; before the first, what is in it has to do.
 */
export function observeLiveHeap(): () => number {
  let live: number | undefined;
  new PerformanceObserver((list) => {
    const isFull = list
      .getEntries()
      // Node's types leave out what an entry of this kind has.
      .some((entry) => "detail" in entry && Object(entry.detail).kind === constants.NODE_PERFORMANCE_GC_MAJOR);
    if (isFull) live = getHeapStatistics().used_heap_size;
  }).observe({ entryTypes: ["gc"] });
  return () => Math.min(live ?? Number.POSITIVE_INFINITY, getHeapStatistics().used_heap_size);
}
