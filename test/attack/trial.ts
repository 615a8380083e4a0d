/**
 * One attack, measured: the waits of clients that behave without it and with it, the memory of the
 * service under attack before, during and after, and whether leaders and lease were kept.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Attack, pause } from './attacks.js';
import { measure, type Waits } from './innocents.js';
import type { Target } from './target.js';

/** The bar; on a machine that is busy otherwise, so many times the waits beside a polite load. */
export const bar = {
  p99Ms: 300,
  maxMs: 2_000,
  timesPolite: 5,
  growthMib: 300,
  restMib: 100,
} as const;

/** How long clients are measured after the attacker has left. */
const afterMs = 4_000;
const settleMs = 30_000;
const sampleEveryMs = 100;

export interface Trial {
  readonly attack: string;
  readonly polite: Waits;
  readonly waits: Waits;
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number };
  /** Empty where the bar is met. */
  readonly problems: readonly string[];
}

export async function tryAttack(target: Target, attack: Attack): Promise<Trial> {
  const polite = await measure(target.ports, attacker(target, attack, 'polite'));
  const standBefore = await target.stand();
  const before = target.residentMib(attack.service);
  let peak = before;
  const sampler = setInterval(() => {
    peak = Math.max(peak, target.residentMib(attack.service));
  }, sampleEveryMs);
  const gone = attacker(target, attack, 'attack').then(() => pause(afterMs));
  const waits = await measure(target.ports, gone);
  clearInterval(sampler);
  const standAfter = await target.stand();
  let after = target.residentMib(attack.service);
  const settledMs = performance.now() + settleMs;
  while (after > before + bar.restMib && performance.now() < settledMs) {
    await pause(1_000);
    after = target.residentMib(attack.service);
  }
  const problems = [
    ...waitProblems(waits, polite),
    ...(peak - before > bar.growthMib ? [`grew by ${Math.round(peak - before)} MiB`] : []),
    ...(after - before > bar.restMib ? [`kept ${Math.round(after - before)} MiB`] : []),
    ...(standAfter.leaders === standBefore.leaders ? [] : [`now leads: ${standAfter.leaders}`]),
    ...(standAfter.lease === standBefore.lease ? [] : [`the lease: ${standAfter.lease}`]),
  ];
  return { attack: attack.name, polite, waits, memory: { before, peak, after }, problems };
}

function waitProblems(waits: Waits, polite: Waits): string[] {
  const p99Max = Math.max(bar.p99Ms, bar.timesPolite * polite.p99);
  const waitMax = Math.max(bar.maxMs, bar.timesPolite * polite.max);
  return [
    ...(waits.p99 > p99Max ? [`p99 over ${Math.round(p99Max)} ms`] : []),
    ...(waits.max > waitMax ? [`a wait over ${Math.round(waitMax)} ms`] : []),
    ...(waits.failures > 0 ? [`${waits.failures} without an answer`] : []),
  ];
}

/** Resolves when the attacker's process has ended. */
function attacker(target: Target, { name }: Attack, how: 'attack' | 'polite'): Promise<void> {
  const entry = fileURLToPath(new URL('./attacker.js', import.meta.url));
  const child = fork(entry, [name, how, JSON.stringify(target.ports)]);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the attacker ended with ${code}`));
    });
  });
}

const columns = ['attack', 'p50/p99/max ms', 'silence', 'polite p99/max', 'RSS MiB', 'verdict'];

export function table(trials: readonly Trial[]): string {
  const whole = (value: number): string => `${Math.round(value)}`;
  const rows = trials.map(({ attack, polite, waits, memory, problems }) => [
    attack,
    [waits.p50, waits.p99, waits.max].map(whole).join(' / '),
    whole(waits.silence),
    [polite.p99, polite.max].map(whole).join(' / '),
    [memory.before, memory.peak, memory.after].map(whole).join(' → '),
    problems.length === 0 ? 'held' : problems.join('; '),
  ]);
  const all = [columns, ...rows];
  const widths = columns.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  return all
    .map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '))
    .join('\n');
}
