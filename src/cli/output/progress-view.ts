/**
 * Shows the progress of a long operation: a bar if standard error is a terminal, otherwise nothing.
 */
import type { Io } from './io.js';

export interface ProgressView {
  /** A new phase starts a new bar. */
  update(phase: string, done: number, total: number): void;
  stop(): void;
}

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
