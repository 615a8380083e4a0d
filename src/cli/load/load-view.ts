/** Formats the report of a load run. */
import type { Verdict } from '../../checker/check.js';
import type { Io } from '../output/io.js';
import { printTable } from '../output/output.js';
import type { Latencies, LoadReport } from './load-run.js';

const mismatchesShown = 20;

export async function printReport(report: LoadReport, io: Io): Promise<void> {
  const row = (name: string, one: Latencies): (string | number)[] => [
    name,
    one.count,
    one.p50_ms.toFixed(3),
    one.p90_ms.toFixed(3),
    one.p99_ms.toFixed(3),
    one.max_ms.toFixed(3),
  ];
  await printTable(
    io,
    ['', 'COUNT', 'P50 ms', 'P90 ms', 'P99 ms', 'MAX ms'],
    [row('look-ups', report.lookups), row('purchases', report.purchases)],
  );
  io.out(`\n${report.requests_per_second} requests/s for ${report.seconds.toFixed(2)} s\n`);
  io.out(`sold ${report.sold}, out of stock ${report.out_of_stock}\n`);
  const { holds } = report;
  if (holds) {
    io.out(`holds ${holds.opened}, confirmed ${holds.confirmed}, released ${holds.released}\n`);
  }
  const errors = Object.entries(report.errors).map(([code, n]) => `${code} ${n}`);
  io.out(`errors: ${errors.join(', ') || 'none'}\n`);
  printVerdict(report, io);
}

export function printVerdict(
  report: Pick<LoadReport, 'verified' | 'unverified' | 'mismatches'>,
  io: Io,
): void {
  const { verified, unverified, mismatches } = report;
  io.out(`orders read back: ${verified}, mismatches: ${mismatches.length}\n`);
  for (const mismatch of mismatches.slice(0, mismatchesShown)) io.out(`  ${mismatch}\n`);
  const more = mismatches.length - mismatchesShown;
  if (more > 0) io.out(`  and ${more} more\n`);
  if (unverified > 0) io.out(`${unverified} orders could not be read back\n`);
}

export function printCheck(verdict: Verdict, io: Io): void {
  const { operations, products, orders, problems, undecided } = verdict;
  const violations = problems.length - undecided.length;
  const found = [
    ...(violations > 0 ? [several(violations, 'violation')] : []),
    ...(undecided.length > 0 ? [several(undecided.length, 'undecided product')] : []),
    ...(problems.length === 0 ? ['they can all be true'] : []),
  ].join(', ');
  io.out(`history: ${operations} operations on ${products} products, ${orders} orders: ${found}\n`);
  for (const problem of problems.slice(0, mismatchesShown)) io.out(`  ${problem}\n`);
  const more = problems.length - mismatchesShown;
  if (more > 0) io.out(`  and ${more} more\n`);
}

function several(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
