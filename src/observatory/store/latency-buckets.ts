/** Four buckets for each doubling of the duration, from 0.05 ms up: a quantile is off by 9 % at most. */
const perDoubling = 4;
const firstMs = 0.05;
export const bucketCount = 96;

/** The bucket of a duration in milliseconds; those beyond about 13 minutes share the last. */
export function latencyBucket(ms: number): number {
  if (!(ms > firstMs)) return 0;
  return Math.min(bucketCount - 1, 1 + Math.floor(Math.log2(ms / firstMs) * perDoubling));
}

/** Lower and upper bound of a bucket, in milliseconds. */
export function bucketBounds(bucket: number): readonly [number, number] {
  if (bucket === 0) return [0, firstMs];
  return [firstMs * 2 ** ((bucket - 1) / perDoubling), firstMs * 2 ** (bucket / perDoubling)];
}

/** The first bucket whose durations are all longer than `ms`. */
export function firstBucketAbove(ms: number): number {
  return latencyBucket(ms) + 1;
}

/** Calls counted by bucket. */
export class LatencyCounts {
  readonly #counts = new Float64Array(bucketCount);
  calls = 0;
  errors = 0;

  add(bucket: number, calls: number, errors: number): void {
    const index = Math.max(0, Math.min(bucketCount - 1, bucket));
    this.#counts[index] = (this.#counts[index] ?? 0) + calls;
    this.calls += calls;
    this.errors += errors;
  }

  addAll(other: LatencyCounts): void {
    for (const [bucket, count] of other.#counts.entries()) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    this.calls += other.calls;
    this.errors += other.errors;
  }

  /** The duration in milliseconds that a share of the calls stayed under, interpolated within its bucket; 0 without calls. */
  quantile(share: number): number {
    const wanted = share * this.calls;
    let before = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      if (count > 0 && before + count >= wanted) {
        const [low, high] = bucketBounds(bucket);
        return low + (high - low) * ((wanted - before) / count);
      }
      before += count;
    }
    return 0;
  }
}
