/**
 * How long a store did not sell: for each injection the longest gap between two acknowledged purchases
 * that overlaps it. Pure.
 */

/** An injection, from its first fault until it was over and a purchase had succeeded. */
export interface PastInjection {
  readonly what: string;
  readonly beganMs: number;
  readonly endedMs: number;
}

export interface Outage {
  readonly what: string;
  readonly times: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** One row for each name, and `all` of them. @param soldAtMs in any order. */
export function outages(
  injections: readonly PastInjection[],
  soldAtMs: readonly number[],
): Outage[] {
  const at = [...soldAtMs].sort((a, b) => a - b);
  const byName = new Map<string, number[]>();
  const all: number[] = [];
  for (const injection of injections) {
    const gapMs = longestGap(injection, at);
    all.push(gapMs);
    byName.set(injection.what, [...(byName.get(injection.what) ?? []), gapMs]);
  }
  const rows = [...byName].sort(([a], [b]) => a.localeCompare(b));
  return [...rows, ['all', all] as const].map(([what, gaps]) => row(what, gaps));
}

/** The longest gap between two purchases that overlaps the fault. */
function longestGap({ beganMs, endedMs }: PastInjection, at: readonly number[]): number {
  let longest = 0;
  for (let i = firstAfter(at, beganMs); i < at.length; i++) {
    const before = at[i - 1];
    if (before !== undefined && before > endedMs) break;
    if (before !== undefined) longest = Math.max(longest, (at[i] ?? before) - before);
  }
  return longest;
}

function firstAfter(at: readonly number[], ms: number): number {
  let [low, high] = [0, at.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((at[middle] ?? 0) > ms) high = middle;
    else low = middle + 1;
  }
  return low;
}

function row(what: string, gaps: readonly number[]): Outage {
  const sorted = [...gaps].sort((a, b) => a - b);
  const quantile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return {
    ...{ what, times: sorted.length },
    ...{ p50Ms: quantile(0.5), p99Ms: quantile(0.99), maxMs: sorted.at(-1) ?? 0 },
  };
}
