/**
 * The last minutes of several metrics, as columns for a plot: times first, then a column for each
 * metric. Pure. Invariant: all columns have the same length, at most `pointsMax`.
 */
export type Column = readonly (number | null)[];

export interface Series {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly columns: readonly Column[];
}

export const pointsMax = 180;

export function emptySeries(columns: number): Series {
  return { times: [], columns: Array.from({ length: columns }, () => []) };
}

/** An unknown value leaves a gap. */
export function withPoint(
  { times, columns }: Series,
  time: number,
  values: readonly (number | undefined)[],
): Series {
  return {
    times: [...times, time].slice(-pointsMax),
    columns: columns.map((column, at) => [...column, values[at] ?? null].slice(-pointsMax)),
  };
}
