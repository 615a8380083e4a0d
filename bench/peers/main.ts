/**
 * The entry of the comparison with Redis and PostgreSQL: starts every system that is installed, measures
 * the same purchases on all of them in turn, and writes tables to stdout, progress to stderr and, with
 * --json, everything to a file. Exits with 1 after a wrong answer. Its time is bounded, and it leaves no
 * process or file behind.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { describeEnvironment } from '../load/environment.js';
import { fullStock } from '../load/products.js';
import { environmentText } from '../load/table.js';
import { compare, type Plan } from './compare.js';
import { itemsMax } from './digits.js';
import {
  type PeerSystem,
  type StartSystem,
  Stops,
  type SubjectName,
  subjectNames,
} from './peer.js';
import { startPostgres } from './postgres.js';
import { findPrograms } from './postgres-programs.js';
import { hot, judge, ratiosOf, spread } from './ratios.js';
import { redisVersion, startRedisPair } from './redis.js';
import { reportText } from './report.js';
import { startSqlPeer, startStorePeer } from './store.js';

interface Candidate {
  readonly name: string;
  readonly subjects: readonly SubjectName[];
  /** What must be installed, if it is not. */
  missing(): string | undefined;
  readonly start: StartSystem;
}

const candidates: readonly Candidate[] = [
  {
    name: 'redis',
    subjects: ['redis'],
    missing: () => (redisVersion() === undefined ? 'redis-server' : undefined),
    start: startRedisPair,
  },
  {
    name: 'postgres',
    subjects: ['postgres'],
    missing: () => (findPrograms() === undefined ? 'PostgreSQL' : undefined),
    start: startPostgres,
  },
  {
    name: 'store',
    subjects: ['store', 'store-http'],
    missing: () => undefined,
    start: startStorePeer,
  },
  {
    name: 'store-sql',
    subjects: ['store-sql'],
    missing: () => (findPrograms() === undefined ? 'PostgreSQL' : undefined),
    start: startSqlPeer,
  },
];

const usual = { rounds: 5, runMs: 1_000, warmUpMs: 300, heatMs: 6_000 };
const quickly = { rounds: 1, runMs: 400, warmUpMs: 150, heatMs: 1_500 };
const scarceUnits = 100;
const connectionsMax = 1_000;
const helpColumns = 100;
/** For starts, checks and the end, and what a run may take beyond its own time. */
const limitBaseMs = 240_000;
const limitRunMs = 1_500;

interface Flags {
  readonly plan: Plan;
  readonly only: readonly SubjectName[];
  readonly json: string | undefined;
  readonly verbose: boolean;
  readonly portOffset: number;
  readonly tempDir: string;
}

function readFlags(): Flags {
  const flags = yargs(hideBin(process.argv))
    .scriptName('npm run bench:peers --')
    .usage('$0 [flags]')
    .wrap(helpColumns)
    .option('quick', { type: 'boolean', default: false, describe: 'one short round' })
    .option('rounds', { type: 'number', describe: `runs of each subject [${usual.rounds}]` })
    .option('run-ms', { type: 'number', describe: `length of a run [${usual.runMs}]` })
    .option('warm-up-ms', { type: 'number', describe: `load before it [${usual.warmUpMs}]` })
    .option('heat-ms', {
      type: 'number',
      describe: `load of each subject before all runs [${usual.heatMs}]`,
    })
    .option('only', {
      type: 'string',
      default: subjectNames.join(','),
      describe: 'subjects, separated by commas',
    })
    .option('connections', { type: 'string', default: '50,200,1' })
    .option('items', { type: 'string', default: `${hot},${spread}`, describe: '1 is the hot item' })
    .option('json', { type: 'string', describe: 'also write everything to this file' })
    .option('verbose', { type: 'boolean', default: false, describe: 'also show threads' })
    .option('port-offset', { type: 'number', default: 23_000 })
    .option('temp-dir', { type: 'string', default: tmpdir(), describe: 'the disk to measure on' })
    .strict()
    .check((given) => {
      for (const flag of ['rounds', 'run-ms', 'warm-up-ms', 'heat-ms']) {
        const value = given[flag];
        if (value !== undefined && !(Number(value) >= 1)) throw new Error(`--${flag}: 1 or more`);
      }
      numbersOf('connections', given.connections, connectionsMax);
      numbersOf('items', given.items, itemsMax);
      subjectsOf(given.only);
      return true;
    })
    .parseSync();
  const base = flags.quick ? quickly : usual;
  const connections = numbersOf('connections', flags.connections, connectionsMax);
  const items = numbersOf('items', flags.items, itemsMax);
  const stock = Array.from({ length: Math.max(...items, spread) + 1 }, () => fullStock);
  stock[0] = 0;
  stock.push(scarceUnits);
  return {
    plan: {
      shapes: items.flatMap((n) => connections.map((m) => ({ items: n, connections: m }))),
      rounds: flags.rounds ?? base.rounds,
      timing: {
        runMs: flags.runMs ?? base.runMs,
        warmUpMs: flags.warmUpMs ?? base.warmUpMs,
      },
      heatMs: flags.heatMs ?? base.heatMs,
      stock,
      say,
    },
    only: subjectsOf(flags.only),
    json: flags.json,
    verbose: flags.verbose,
    portOffset: flags.portOffset,
    tempDir: flags.tempDir,
  };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function numbersOf(flag: string, list: string, max: number): number[] {
  return list.split(',').map((text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= max) return value;
    throw new Error(`--${flag}: whole numbers from 1 to ${max}, separated by commas`);
  });
}

function subjectsOf(list: string): SubjectName[] {
  return list.split(',').map((text) => {
    const name = subjectNames.find((each) => each === text);
    if (name === undefined) throw new Error(`--only: some of ${subjectNames.join(', ')}`);
    return name;
  });
}

async function startSystems(
  { only, portOffset, plan }: Flags,
  folder: string,
  stops: Stops,
): Promise<PeerSystem[]> {
  const systems: PeerSystem[] = [];
  for (const { name, subjects, missing, start } of candidates) {
    if (!subjects.some((subject) => only.includes(subject))) continue;
    const absent = missing();
    if (absent !== undefined) {
      say(`${name} is left out: ${absent} is not installed`);
      continue;
    }
    const own = join(folder, name);
    mkdirSync(own);
    const system = await start({ portOffset, folder: own, stock: plan.stock }, stops);
    say(`${name} is ready`);
    systems.push(system);
  }
  if (systems.length === 0) throw new Error('nothing to measure');
  return systems;
}

/** Each shape measures every subject `rounds` times; other phases count as one round more. */
function limitMs({ plan, only }: Flags): number {
  const runs = only.length * plan.rounds * (plan.shapes.length + 1);
  const { runMs, warmUpMs } = plan.timing;
  return limitBaseMs + only.length * plan.heatMs + runs * (runMs + warmUpMs + limitRunMs);
}

async function main(): Promise<void> {
  const flags = readFlags();
  const { plan, only, json, verbose, tempDir } = flags;
  const folder = mkdtempSync(resolve(tempDir, 'bazar-peers-'));
  // PostgreSQL's user must reach its own folder below this one.
  chmodSync(folder, 0o711);
  const stops = new Stops();
  stops.add(() => rmSync(folder, { recursive: true, force: true }));
  const giveUp = (why: string): void => {
    say(`gave up: ${why}`);
    stops.run().finally(() => process.exit(1));
  };
  process.once('SIGINT', () => giveUp('SIGINT'));
  process.once('SIGTERM', () => giveUp('SIGTERM'));
  const limit = limitMs(flags);
  setTimeout(() => giveUp(`not finished after ${limit} ms`), limit).unref();
  try {
    const environment = describeEnvironment(tempDir);
    process.stdout.write(`${environmentText(environment)}\n`);
    const systems = await startSystems(flags, folder, stops);
    const comparison = await compare(systems, only, plan);
    process.stdout.write(`\n${reportText(comparison, systems, verbose)}\n`);
    if (json !== undefined) {
      const { rounds, timing, heatMs } = plan;
      const content = {
        environment,
        command: process.argv.slice(2),
        plan: { rounds, timing, heatMs },
        systems: systems.map(({ name, version, settings }) => ({ name, version, settings })),
        required: judge(comparison.cells),
        ratios: ratiosOf(comparison.cells),
        ...comparison,
      };
      writeFileSync(json, `${JSON.stringify(content, null, 2)}\n`);
    }
    process.exitCode = comparison.problems.length > 0 ? 1 : 0;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
  await stops.run();
  process.exit();
}

await main();
