/**
 * What must be true of a run of the SQL engine: an acknowledged value stays at its place, no value comes
 * twice, a refused one never, and reads see everything that was acknowledged or read before them.
 */
export interface Append {
  readonly value: string;
  readonly beganMs: number;
  endedMs: number;
  /** Place in the log of values, from 1; undefined: not acknowledged. */
  place?: number;
  /** The answer said that it was not appended. */
  isRefused?: boolean;
}

export interface Read {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly length: number;
  readonly last: string | undefined;
  /** The replica or the frontend that answered. */
  readonly by: string;
}

export interface History {
  readonly appends: readonly Append[];
  readonly reads: readonly Read[];
  /** The values of the last leader, at the end. */
  readonly final: readonly string[];
}

/** The first rule that the history breaks; undefined if there is none. */
export function brokenRule({ appends, reads, final }: History): string | undefined {
  const places = new Map<string, number>();
  for (const [index, value] of final.entries()) {
    if (places.has(value)) return `${value} was appended twice`;
    places.set(value, index + 1);
  }
  for (const { value, place, isRefused } of appends) {
    if (place !== undefined && places.get(value) !== place) {
      return `${value} was acknowledged at ${place} and is at ${places.get(value) ?? 'no place'}`;
    }
    if (isRefused && places.has(value)) return `${value} was refused and is in the log`;
  }
  return staleRead(appends, reads, final);
}

function staleRead(
  appends: readonly Append[],
  reads: readonly Read[],
  final: readonly string[],
): string | undefined {
  /** What was known when: acknowledged places and the lengths of finished reads. */
  const known = [
    ...appends.flatMap(({ place, endedMs }) => (place === undefined ? [] : [[endedMs, place]])),
    ...reads.map(({ endedMs, length }) => [endedMs, length]),
  ].sort(([a = 0], [b = 0]) => a - b);
  const began = [...reads].sort((a, b) => a.beganMs - b.beganMs);
  let [next, least] = [0, 0];
  for (const { beganMs, length, last, by } of began) {
    for (; (known[next]?.[0] ?? Number.POSITIVE_INFINITY) < beganMs; next++) {
      least = Math.max(least, known[next]?.[1] ?? 0);
    }
    if (length < least) {
      return `a read of ${by} at ${beganMs} saw ${length} values of at least ${least}`;
    }
    if (final[length - 1] !== last) {
      return `a read of ${by} saw ${last} at ${length}, which is not in the log`;
    }
  }
  return undefined;
}
