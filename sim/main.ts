/**
 * `npm run sim`: many seeds with a summary, one seed with its trace, or the seeded bugs. Progress goes
 * to standard error, traces to standard output. A failing seed is shrunk and, on request, kept.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../src/base/clock.js';
import { type Aim, aims } from './aims.js';
import { writeFixture } from './fixture.js';
import { runSeeds, type Seeds } from './jobs.js';
import { runMutations } from './mutation-table.js';
import { shrink } from './shrink.js';
import { type RunOptions, type RunResult, simulate } from './simulation.js';
import { Summary } from './summary.js';

const usage = `npm run sim -- [--seeds 200] [--first 1]   run so many seeds, from the first on
npm run sim -- --seed N [--quiet]          replay one seed with its trace
npm run sim -- --aim HOW [--seeds 200]     the same with seeds that aim at: ${aims.join(', ')}
npm run sim -- --jobs N                    the same in so many processes
npm run sim -- --failures N                end after so many failing seeds (5)
npm run sim -- --keep NAME                 keep the first failure, shrunk, as a fixture
npm run sim -- --mutations [--only NAME]   break each rule and count the seeds until it is noticed`;

const progressEveryMs = 2_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '200' },
      first: { type: 'string', default: '1' },
      seed: { type: 'string' },
      jobs: { type: 'string', default: '1' },
      failures: { type: 'string', default: '5' },
      quiet: { type: 'boolean', default: false },
      aim: { type: 'string' },
      keep: { type: 'string' },
      mutations: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const aim = aims.find((name) => name === values.aim);
  if (values.aim !== undefined && aim === undefined) {
    process.stderr.write(`there is no aim "${values.aim}"\n${usage}\n`);
    return 2;
  }
  if (values.mutations) return runMutations(values.only, Number(values.seeds), aim);
  if (values.seed !== undefined) return replay({ seed: Number(values.seed), aim }, values.quiet);
  return runMany({
    ...{ aim, keep: values.keep },
    ...{ first: Number(values.first), seeds: Number(values.seeds) },
    ...{ jobs: Number(values.jobs), failures: Number(values.failures) },
  });
}

async function replay(options: RunOptions, quiet: boolean): Promise<number> {
  const trace = quiet ? undefined : (line: string) => void process.stdout.write(`${line}\n`);
  const result = await simulate({ ...options, ...(trace && { trace }) });
  print(result);
  return result.problems.length === 0 ? 0 : 1;
}

interface Wanted extends Seeds {
  readonly failures: number;
  readonly keep: string | undefined;
}

async function runMany({ keep, failures, ...wanted }: Wanted): Promise<number> {
  const { seeds, aim } = wanted;
  const beganMs = systemClock.nowMs();
  const summary = new Summary();
  let toldMs = beganMs;
  await runSeeds(wanted, (result) => {
    summary.add(result);
    if (result.problems.length > 0) print(result);
    const nowMs = systemClock.nowMs();
    if (nowMs - toldMs >= progressEveryMs) {
      toldMs = nowMs;
      process.stderr.write(`${summary.runs} of ${seeds} seeds, ${summary.failures.length} fail\n`);
    }
    return summary.failures.length < failures;
  });
  const tookMs = systemClock.nowMs() - beganMs;
  for (const line of summary.lines(tookMs)) process.stdout.write(`${line}\n`);
  const [failure] = [...summary.failures].sort((a, b) => a.seed - b.seed);
  if (!failure) return 0;
  await explain(failure, aim, keep);
  return 1;
}

async function explain(
  failure: RunResult,
  aim: Aim | undefined,
  keep: string | undefined,
): Promise<void> {
  const { seed } = failure;
  process.stderr.write(`shrinking seed ${seed}\n`);
  const { faults, profile, problem, runs } = await shrink(failure, { seed, aim });
  process.stdout.write(`\nseed ${seed} after ${runs} runs: ${problem}\n`);
  for (const fault of faults) process.stdout.write(`  ${JSON.stringify(fault)}\n`);
  if (keep === undefined) return;
  const path = writeFixture(keep, { why: 'to be told', problem, seed, profile, faults });
  process.stdout.write(`kept as ${path}\n`);
}

function print({ seed, hash, problems, events, faults }: RunResult): void {
  const state = problems.length === 0 ? 'ok' : 'FAILS';
  process.stdout.write(`seed ${seed} ${state}: trace ${hash}, ${events} events\n`);
  for (const problem of problems) process.stdout.write(`  ${problem}\n`);
  if (problems.length > 0) process.stdout.write(`  ${faults.length} faults\n`);
}

process.exitCode = await main();
