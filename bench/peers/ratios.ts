/** The comparison of medians: what is required of the store, and its ratios to the peers. Pure. */
import { median } from '../load/measure.js';
import type { Run, SubjectName } from './peer.js';

/** One load: purchases of the items 1 to `items`, with equal probability. */
export interface Shape {
  readonly items: number;
  readonly connections: number;
}

export interface Medians {
  readonly ratePerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUs: number | undefined;
  /** Voluntary context switches. */
  readonly switches: number | undefined;
  /** Without those that the system would have made without load. */
  readonly switchesOverIdle: number | undefined;
}

/** All runs of one subject under one load. */
export interface Cell {
  readonly shape: Shape;
  readonly subject: SubjectName;
  readonly median: Medians;
  readonly runs: readonly Run[];
}

type Measure = 'ratePerSecond' | 'p50Ms' | 'switches';

/** `of` divided by `to`, or `of` alone. */
export interface Requirement {
  readonly what: string;
  readonly shape: Shape;
  readonly measure: Measure;
  readonly of: SubjectName;
  readonly to?: SubjectName;
  readonly limit: { readonly atLeast: number } | { readonly atMost: number };
}

export interface Verdict {
  readonly what: string;
  readonly required: string;
  /** Undefined if it was not measured. */
  readonly value: number | undefined;
  readonly isMet: boolean | undefined;
}

export interface Ratio {
  readonly shape: Shape;
  readonly of: SubjectName;
  readonly to: SubjectName;
  readonly rate: number;
  /** The ratio of each round; they differ more than the medians do. */
  readonly rates: readonly number[];
  /** With one connection only: other latencies follow from the rate. */
  readonly p50: number | undefined;
}

export const hot = 1;
export const spread = 10_000;

const hot1: Shape = { items: hot, connections: 1 };
const hot50: Shape = { items: hot, connections: 50 };
const hot200: Shape = { items: hot, connections: 200 };
const spread200: Shape = { items: spread, connections: 200 };

export const requirements: readonly Requirement[] = [
  rate('rate, hot item, 50 connections, of Redis', hot50, 'store', 'redis', 0.8),
  rate('rate, hot item, 200 connections, of Redis', hot200, 'store', 'redis', 0.9),
  rate('rate, hot item, 200 connections, of PostgreSQL', hot200, 'store', 'postgres', 0.8),
  rate('rate, 10,000 items, 200 connections, of Redis', spread200, 'store', 'redis', 0.8),
  rate(
    'rate over HTTP, hot item, 50 connections, of the raw port',
    hot50,
    'store-http',
    'store',
    0.65,
  ),
  rate('rate on PostgreSQL, 50 connections, of its server', hot50, 'store-sql', 'postgres', 0.7),
  rate('rate on PostgreSQL, 200 connections, of its server', hot200, 'store-sql', 'postgres', 0.9),
  rate('rate on PostgreSQL, 10,000 items, of its server', spread200, 'store-sql', 'postgres', 0.8),
  {
    what: 'p50 on PostgreSQL, 1 connection, of its server',
    shape: hot1,
    measure: 'p50Ms',
    of: 'store-sql',
    to: 'postgres',
    limit: { atMost: 2.5 },
  },
  {
    what: 'p50, hot item, 1 connection, of Redis',
    shape: hot1,
    measure: 'p50Ms',
    of: 'store',
    to: 'redis',
    limit: { atMost: 3 },
  },
  {
    what: 'context switches of a lone purchase',
    shape: hot1,
    measure: 'switches',
    of: 'store',
    limit: { atMost: 22 },
  },
];

function rate(
  what: string,
  shape: Shape,
  of: SubjectName,
  to: SubjectName,
  atLeast: number,
): Requirement {
  return { what, shape, measure: 'ratePerSecond', of, to, limit: { atLeast } };
}

export function judge(
  cells: readonly Cell[],
  wanted: readonly Requirement[] = requirements,
): readonly Verdict[] {
  return wanted.map((requirement) => {
    const { what, limit } = requirement;
    const value = measured(requirement, cells);
    if ('atLeast' in limit) {
      const isMet = value === undefined ? undefined : value >= limit.atLeast;
      return { what, required: `≥ ${limit.atLeast}`, value, isMet };
    }
    const isMet = value === undefined ? undefined : value <= limit.atMost;
    return { what, required: `≤ ${limit.atMost}`, value, isMet };
  });
}

/** Undefined if a subject was not measured, or has no answers. */
function measured(
  { shape, measure, of, to }: Requirement,
  cells: readonly Cell[],
): number | undefined {
  const value = findCell(cells, shape, of)?.median[measure];
  if (to === undefined || value === undefined) return value;
  const base = findCell(cells, shape, to)?.median[measure];
  return base === undefined || base === 0 ? undefined : value / base;
}

const pairs: readonly { readonly of: SubjectName; readonly to: SubjectName }[] = [
  { of: 'store', to: 'redis' },
  { of: 'store', to: 'postgres' },
  { of: 'store-http', to: 'store' },
];

/** The store against each peer, and HTTP against the raw port. */
export function ratiosOf(cells: readonly Cell[]): readonly Ratio[] {
  return cells.flatMap((cell) =>
    pairs.flatMap(({ of, to }): Ratio[] => {
      const { shape, subject, median } = cell;
      const other = findCell(cells, shape, to);
      if (subject !== of || other === undefined || other.median.ratePerSecond === 0) return [];
      const base = other.median;
      const isLone = shape.connections === 1 && base.p50Ms > 0;
      return [
        {
          shape,
          of,
          to,
          rate: median.ratePerSecond / base.ratePerSecond,
          rates: cell.runs.map((run, round) => {
            return run.ratePerSecond / (other.runs[round]?.ratePerSecond ?? Number.NaN);
          }),
          p50: isLone ? median.p50Ms / base.p50Ms : undefined,
        },
      ];
    }),
  );
}

function findCell(
  cells: readonly Cell[],
  { items, connections }: Shape,
  name: SubjectName,
): Cell | undefined {
  return cells.find(
    ({ shape, subject }) =>
      subject === name && shape.items === items && shape.connections === connections,
  );
}

/** `idleSwitches`: of the system without load, per second. */
export function mediansOf(runs: readonly Run[], idleSwitches: number): Medians {
  const usages = runs.map(({ usage }) => usage).filter((usage) => usage !== undefined);
  const isKnown = usages.length > 0;
  return {
    ratePerSecond: median(runs.map((run) => run.ratePerSecond)),
    p50Ms: median(runs.map((run) => run.p50Ms)),
    p99Ms: median(runs.map((run) => run.p99Ms)),
    cpuUs: isKnown ? median(usages.map((usage) => usage.cpuUs)) : undefined,
    switches: isKnown ? median(usages.map((usage) => usage.switches)) : undefined,
    switchesOverIdle: isKnown
      ? median(
          runs.map(({ usage, ratePerSecond }) => {
            return (usage?.switches ?? 0) - idleSwitches / Math.max(1, ratePerSecond);
          }),
        )
      : undefined,
  };
}

/** The list, beginning with another element each round. */
export function rotated<T>(list: readonly T[], round: number): T[] {
  const first = list.length === 0 ? 0 : round % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}
