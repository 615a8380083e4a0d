/** `npm run sim:sql`: many seeds of the SQL engine, or its seeded bugs. Exit code 1: a rule was broken. */
import { parseArgs } from 'node:util';
import { noticeMutation, sqlMutations } from './sql-mutations.js';
import { runSql } from './sql-run.js';

const usage = `npm run sim:sql -- [--seeds 200] [--first 1]   run so many seeds, from the first on
npm run sim:sql -- --mutations [--only NAME]   break each rule and count the seeds until it is noticed`;

const progressEvery = 200;
const shownMax = 120;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '200' },
      first: { type: 'string', default: '1' },
      mutations: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [first, seeds] = [Number(values.first), Number(values.seeds)];
  const isNumber = Number.isSafeInteger(first) && Number.isSafeInteger(seeds);
  if (values.help || !isNumber) {
    process.stdout.write(`${usage}\n`);
    return values.help ? 0 : 2;
  }
  return values.mutations ? breakRules(values.only, first, seeds) : runSeeds(first, seeds);
}

async function runSeeds(first: number, seeds: number): Promise<number> {
  const total = { acknowledged: 0, reads: 0, hits: 0, epochs: 0 };
  let failed = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const { broken, ...run } = await runSql(seed);
    for (const name of ['acknowledged', 'reads', 'hits', 'epochs'] as const) {
      total[name] += run[name];
    }
    if (broken !== undefined) {
      failed++;
      process.stdout.write(`seed ${seed}: ${broken}\n`);
    }
    const done = seed - first + 1;
    if (done % progressEvery === 0) process.stderr.write(`${done} of ${seeds} seeds\n`);
  }
  const { acknowledged, reads, hits, epochs } = total;
  process.stdout.write(
    `${seeds} seeds, ${failed} broken: ${acknowledged} writes, ${reads} reads (${hits} from caches), ${epochs} epochs\n`,
  );
  return failed === 0 ? 0 : 1;
}

/** A table in Markdown. */
async function breakRules(only: string | undefined, first: number, seeds: number): Promise<number> {
  const chosen = sqlMutations.filter(({ name }) => only === undefined || name === only);
  process.stdout.write('| rule broken | name | seeds | noticed as |\n| --- | --- | ---: | --- |\n');
  let missed = 0;
  for (const mutation of chosen) {
    const { seed, broken } = await noticeMutation(mutation, first, seeds);
    if (seed === undefined) missed++;
    const count = seed === undefined ? 'none' : seed - first + 1;
    const row = [mutation.rule, mutation.name, count, broken.slice(0, shownMax)];
    process.stdout.write(`| ${row.join(' | ')} |\n`);
  }
  process.stderr.write(`${chosen.length - missed} of ${chosen.length} are noticed\n`);
  return missed === 0 && chosen.length > 0 ? 0 : 1;
}

process.exitCode = await main();
