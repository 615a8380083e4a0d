/**
 * The load bench's entry: reads the flags, runs the selected scenarios one after the other, and writes
 * tables to stdout, progress to stderr and, with --json, everything to a file. Exits with 1 after a
 * wrong answer. Its time is bounded, and it leaves no process or file behind.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { Bench, type Report, type Scenario, type Settings } from './load/bench.js';
import { describeEnvironment } from './load/environment.js';
import { bigCatalog } from './load/scenarios/big-catalog.js';
import { hitRates, hotItem, soldOut, topicSearch } from './load/scenarios/caches.js';
import { catchUp } from './load/scenarios/catch-up.js';
import { crash } from './load/scenarios/crash.js';
import { echo } from './load/scenarios/echo.js';
import { failover } from './load/scenarios/failover.js';
import { listeners } from './load/scenarios/listeners.js';
import { lookupCached, lookupUncached, workers10 } from './load/scenarios/lookups.js';
import { memoryAndStart } from './load/scenarios/memory.js';
import { buyHot, buySpread } from './load/scenarios/purchases.js';
import { environmentText, reportText } from './load/table.js';

const scenarios: readonly Scenario[] = [
  echo,
  lookupCached,
  lookupUncached,
  buyHot,
  buySpread,
  memoryAndStart,
  workers10,
  listeners,
  failover,
  crash,
  catchUp,
  bigCatalog,
  hitRates,
  hotItem,
  soldOut,
  topicSearch,
];
/** Former names of scenarios, for scripts. */
const aliases: ReadonlyMap<string, string> = new Map([['doors', 'listeners']]);
const usualRounds = 5;
const usualTiming = { runMs: 600, warmUpMs: 200 };
/** With the usual rounds and timing. */
const scenarioLimitMs = 180_000;
const workersMax = 10;
const helpColumns = 100;

function readFlags(): {
  names: readonly string[];
  json: string | undefined;
  settings: Settings;
} {
  const list = scenarios.map(({ name, about }) => `  ${name.padEnd(18)}${about}`).join('\n');
  const flags = yargs(hideBin(process.argv))
    .scriptName('npm run bench --')
    .usage('$0 [SCENARIO…] [flags]')
    .epilogue(`Scenarios (all, where none is named):\n${list}`)
    .wrap(helpColumns)
    .option('quick', { type: 'boolean', default: false, describe: 'one short run of each' })
    .option('json', { type: 'string', describe: 'also write everything to this file' })
    .option('rounds', { type: 'number', describe: `runs of each measurement [${usualRounds}]` })
    .option('run-ms', { type: 'number', describe: `length of a run [${usualTiming.runMs}]` })
    .option('warm-up-ms', {
      type: 'number',
      describe: `load before each run [${usualTiming.warmUpMs}]`,
    })
    .option('workers', {
      type: 'number',
      default: Math.min(availableParallelism(), workersMax),
      describe: 'session threads of each service',
    })
    .option('catalogs', { type: 'number', default: 1 })
    .option('orders', { type: 'number', default: 1 })
    .option('recovery', { type: 'number', default: 0 })
    .option('port-offset', { type: 'number', default: 20_000 })
    .option('temp-dir', { type: 'string', default: tmpdir(), describe: 'the disk to measure on' })
    .strictOptions()
    .check((given) => {
      for (const flag of ['rounds', 'run-ms', 'warm-up-ms', 'workers']) {
        const value = given[flag];
        if (value !== undefined && !(Number(value) >= 1)) throw new Error(`--${flag}: 1 or more`);
      }
      const unknown = namesOf(given._).find(
        (name) => !scenarios.some((each) => each.name === name),
      );
      if (unknown !== undefined) throw new Error(`no scenario ${unknown}`);
      return true;
    })
    .parseSync();
  const { quick, workers, catalogs, orders, recovery, portOffset } = flags;
  return {
    names: namesOf(flags._),
    json: flags.json,
    settings: {
      quick,
      rounds: flags.rounds ?? (quick ? 1 : usualRounds),
      timing: {
        runMs: flags.runMs ?? (quick ? 500 : usualTiming.runMs),
        warmUpMs: flags.warmUpMs ?? usualTiming.warmUpMs,
      },
      store: { catalogs, orders, recovery, workers, portOffset, tempParent: flags.tempDir },
    },
  };
}

function namesOf(words: readonly (string | number)[]): string[] {
  return words.map((word) => aliases.get(String(word)) ?? String(word));
}

/** More or longer runs than usual get proportionally more time. */
function limitOf(scenario: Scenario, { rounds, timing }: Settings): number {
  const usualMs = usualRounds * (usualTiming.runMs + usualTiming.warmUpMs);
  const share = (rounds * (timing.runMs + timing.warmUpMs)) / usualMs;
  return Math.round((scenario.limitMs ?? scenarioLimitMs) * Math.max(1, share));
}

/** A failed scenario is a problem only of its own report; one that hangs ends the bench. */
async function runScenario(scenario: Scenario, bench: Bench, giveUp: () => void): Promise<Report> {
  const limitMs = limitOf(scenario, bench.settings);
  const limit = setTimeout(() => {
    bench.progress(`${scenario.name}: gave up after ${limitMs} ms`);
    giveUp();
  }, limitMs);
  try {
    return await scenario.run(bench);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { rows: [], facts: [], problems: [problem] };
  } finally {
    clearTimeout(limit);
    await bench.stopAll();
  }
}

async function main(): Promise<void> {
  const { names, json, settings } = readFlags();
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const bench = new Bench(settings, say);
  const stop = (): void => {
    bench.stopAll().finally(() => process.exit(1));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);

  const selected = scenarios.filter(({ name }) => names.length === 0 || names.includes(name));
  const environment = describeEnvironment(settings.store.tempParent);
  process.stdout.write(`${environmentText(environment)}\n`);
  const reports: Record<string, Report> = {};
  for (const scenario of selected) {
    say(`${scenario.name}: ${scenario.about}`);
    const report = await runScenario(scenario, bench, stop);
    reports[scenario.name] = report;
    process.stdout.write(`\n${reportText(scenario.name, report)}\n`);
  }
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify({ environment, settings, reports }, null, 2)}\n`);
  }
  process.exit(Object.values(reports).some(({ problems }) => problems.length > 0) ? 1 : 0);
}

await main();
