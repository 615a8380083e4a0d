/** The summary of a run, as a table for people and as JSON for machines. */
import { availableParallelism, loadavg } from 'node:os';
import type { Outcome } from './drill.js';
import { type Outage, outages } from './outages.js';

export interface Summary {
  readonly seed: number;
  readonly minutes: number;
  /** The load of the machine affects the outages: its cores, and the runnable processes. */
  readonly machine: { readonly cores: number; readonly load: number };
  readonly faults: Readonly<{ [name: string]: number }>;
  readonly faultsTotal: number;
  readonly operations: number;
  readonly acknowledged: number;
  readonly refused: number;
  /** Purchases whose customers never learned the outcome. */
  readonly unknown: number;
  /** Attempts without an answer; the next one under the same key gave the outcome. */
  readonly attemptsLost: number;
  /** Operations with holds, limits, cancellations and adjustments, by outcome. */
  readonly trades: Readonly<{ [what: string]: number }>;
  readonly orders: number;
  readonly lost: number;
  readonly doubled: number;
  /** The longest time without a purchase in which the store could sell (I12). */
  readonly longestOutageMs: number;
  /** The limit for an outage at the highest load of the run. */
  readonly outageBoundMs: number;
  readonly outages: readonly Outage[];
  readonly problems: readonly string[];
}

export function summary(outcome: Outcome): Summary {
  const { recorder, faults, injections } = outcome;
  const { seed, elapsedMs, orders, lost, doubled, problems, longestOutageMs, outageBoundMs } =
    outcome;
  return {
    ...{ seed, minutes: elapsedMs / 60_000 },
    machine: { cores: availableParallelism(), load: loadavg()[2] ?? 0 },
    faults: Object.fromEntries([...faults].sort(([a], [b]) => a.localeCompare(b))),
    faultsTotal: [...faults.values()].reduce((sum, count) => sum + count, 0),
    operations: recorder.operations.length,
    acknowledged: recorder.sold.size,
    refused: recorder.refused.length,
    unknown: recorder.unknown.length,
    attemptsLost: recorder.attemptsLost,
    trades: Object.fromEntries([...recorder.trades.counts].sort(([a], [b]) => a.localeCompare(b))),
    ...{
      longestOutageMs,
      outageBoundMs,
      orders,
      lost,
      doubled,
      outages: outages(injections, recorder.soldAtMs),
      problems,
    },
  };
}

export function summaryLines(sum: Summary): string[] {
  const rows: (readonly [string, string | number])[] = [
    ['seed', sum.seed],
    ['minutes', sum.minutes.toFixed(1)],
    [`load on ${sum.machine.cores} cores`, sum.machine.load.toFixed(0)],
    ['faults', sum.faultsTotal],
    ...Object.entries(sum.faults).map(([name, count]) => [`  ${name}`, count] as const),
    ['operations', sum.operations],
    ['purchases acknowledged', sum.acknowledged],
    ['purchases refused', sum.refused],
    ['purchases unknown', sum.unknown],
    ['attempts without answer', sum.attemptsLost],
    ...Object.entries(sum.trades).map(([what, count]) => [`  ${what}`, count] as const),
    ['orders in the book', sum.orders],
    ['lost', sum.lost],
    ['doubled', sum.doubled],
    ['longest outage with a majority, ms', sum.longestOutageMs.toFixed(0)],
    ['bound of such an outage, ms', sum.outageBoundMs.toFixed(0)],
    ['violations', sum.problems.length],
  ];
  const width = Math.max(...rows.map(([what]) => what.length));
  return [
    ...rows.map(([what, value]) => `${what.padEnd(width)} ${`${value}`.padStart(10)}`),
    '',
    ...outageLines(sum.outages),
    ...sum.problems.map((problem) => `VIOLATION ${problem}`),
  ];
}

function outageLines(all: readonly Outage[]): string[] {
  const width = Math.max(...all.map(({ what }) => what.length), 'outage of (ms)'.length);
  const line = (what: string, values: readonly (string | number)[]): string =>
    `${what.padEnd(width)}${values.map((value) => `${value}`.padStart(8)).join('')}`;
  return [
    line('outage of (ms)', ['times', 'p50', 'p99', 'max']),
    ...all.map(({ what, times, p50Ms, p99Ms, maxMs }) =>
      line(what, [times, ...[p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(0))]),
    ),
  ];
}
