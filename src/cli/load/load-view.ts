/** How a load run looks: its progress while it runs, its report at the end. */
import type { Io } from '../io.js';
import { printTable } from '../output.js';
import type { Latencies, LoadOptions, LoadReport } from './load-run.js';

const mismatchesShown = 20;

export interface ProgressView {
  readonly update: LoadOptions['progress'];
  stop(): void;
}

/** A bar on a terminal, else nothing. */
export async function progressView(io: Io, quiet: boolean): Promise<ProgressView> {
  if (!io.errTerminal || quiet) return { update: () => {}, stop: () => {} };
  const { default: progress } = await import('cli-progress');
  const bar = new progress.SingleBar({
    format: '{phase} [{bar}] {percentage} % | {value}/{total} | {eta_formatted} left',
    hideCursor: true,
    clearOnComplete: true,
  });
  let phase = '';
  return {
    update(now, done, total) {
      if (phase !== now) {
        if (phase !== '') bar.stop();
        bar.start(total, done, { phase: now });
        phase = now;
      } else bar.update(done, { phase: now });
    },
    stop() {
      if (phase !== '') bar.stop();
    },
  };
}

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
