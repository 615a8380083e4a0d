/**
 * Runs seeds in this process, or split over several, and passes each result to one callback. The results
 * are the same in both cases; only their order differs.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from '../src/base/clock.js';
import type { Aim } from './aims.js';
import { type RunResult, simulate } from './simulation.js';

export interface Seeds {
  readonly first: number;
  readonly seeds: number;
  readonly aim: Aim | undefined;
  readonly jobs: number;
}

/** `took` returns false when no more seeds are wanted. */
export async function runSeeds(wanted: Seeds, took: (result: RunResult) => boolean): Promise<void> {
  const { first, seeds, aim, jobs } = wanted;
  if (jobs > 1) return runJobs(wanted, took);
  for (let seed = first; seed < first + seeds; seed++) {
    if (!took(await simulate({ seed, aim }))) return;
    // A run does not use turns of the event loop.
    await new Promise((resolve) => systemClock.afterTurn(() => resolve(undefined)));
  }
}

async function runJobs(
  { first, seeds, aim, jobs }: Seeds,
  took: (result: RunResult) => boolean,
): Promise<void> {
  const program = new URL('./job.js', import.meta.url).pathname;
  const children: ChildProcess[] = [];
  let isEnough = false;
  const ends = Array.from({ length: jobs }, async (_, at) => {
    const range = ['--first', `${first + at}`, '--last', `${first + seeds - 1}`];
    const args = [...range, '--step', `${jobs}`, ...(aim ? ['--aim', aim] : [])];
    const child = fork(program, args, { serialization: 'advanced' });
    children.push(child);
    child.on('message', (result) => {
      if (isEnough) return;
      isEnough = !took(result as RunResult);
      if (isEnough) for (const one of children) one.kill();
    });
    const [code] = await once(child, 'exit');
    if (code !== 0 && !isEnough) throw new Error(`a job ended with code ${code}`);
  });
  await Promise.all(ends);
}
