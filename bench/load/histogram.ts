/**
 * Latencies in logarithmic buckets: 64 for each doubling, so a quantile is off by at most 1.6 %. A
 * record takes an integer logarithm and an increment, without allocation.
 */

const subBits = 6;
const subBuckets = 1 << subBits;
/** A tenth of a microsecond: the resolution below which the buckets are linear. */
const unitsPerMs = 10_000;
/** 200 s; longer ones count as 200 s. */
const unitsMax = 2_000_000_000;
const bucketCount = (31 - subBits + 1) * subBuckets;

export class LatencyHistogram {
  readonly #counts = new Uint32Array(bucketCount);
  #count = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  record(ms: number): void {
    const units = Math.min(ms * unitsPerMs, unitsMax) | 0;
    const bucket = bucketOf(units);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  /** The latency that the given fraction of the records does not exceed; 0 without records. */
  quantileMs(fraction: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.max(1, Math.ceil(fraction * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      seen += this.#counts[bucket] ?? 0;
      if (seen >= rank) return Math.min(middleMs(bucket), this.#maxMs);
    }
    return this.#maxMs;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#maxMs = 0;
  }
}

function bucketOf(units: number): number {
  if (units < subBuckets) return units;
  const exponent = 31 - Math.clz32(units);
  const sub = (units >>> (exponent - subBits)) & (subBuckets - 1);
  return (exponent - subBits + 1) * subBuckets + sub;
}

function middleMs(bucket: number): number {
  if (bucket < subBuckets) return bucket / unitsPerMs;
  const shift = Math.floor(bucket / subBuckets) - 1;
  const low = (subBuckets + (bucket % subBuckets)) * 2 ** shift;
  return (low + 2 ** shift / 2) / unitsPerMs;
}
