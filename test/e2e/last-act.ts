/**
 * What a process of tests does when it ends, also where a signal ends it (tap sends SIGALRM after a
 * timeout): what it started has process groups of its own, and would go on without it.
 */

const signals = ['SIGALRM', 'SIGHUP', 'SIGINT', 'SIGTERM'] as const;
const exitCode = 1;

function leave(): void {
  process.exit(exitCode);
}

/** Returns how to take it back. */
export function lastAct(act: () => void): () => void {
  for (const signal of signals) {
    if (!process.listeners(signal).includes(leave)) process.on(signal, leave);
  }
  process.once('exit', act);
  return () => process.off('exit', act);
}
