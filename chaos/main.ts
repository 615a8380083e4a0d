/**
 * `npm run chaos`: injects faults for some minutes into the built store with real processes. The summary
 * goes to standard output, progress to standard error. A run with violations keeps its folder of data
 * and logs and exits with 1.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { historyLines } from '../src/checker/history-file.js';
import { drill, type Progress } from './drill.js';
import { journalGround } from './ground.js';
import { shortDeck, wholeDeck } from './plan.js';
import { postgresGround } from './postgres-ground.js';
import { postgresDecks } from './postgres-plan.js';
import { diskRefusal } from './small-disk.js';
import { summary, summaryLines } from './summary.js';

const usage = `npm run chaos -- [--minutes 5] [--seed N]   inject faults into a store
  --store NAME     journal (default), or postgres: a primary with a synchronous standby
  --json           the summary as JSON
  --short          only the few kinds of faults that the tests use
  --port-offset N  added to all ports
  --keep           keep the data and logs of a good run too
  --verbose        print each fault to standard error`;

const progressEveryMs = 1_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
      store: { type: 'string', default: 'journal' },
      json: { type: 'boolean', default: false },
      short: { type: 'boolean', default: false },
      'port-offset': { type: 'string', default: '4700' },
      keep: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'bazar-chaos-'));
  const durationMs = Number(values.minutes) * 60_000;
  const portOffset = Number(values['port-offset']);
  const { ground, decks } = groundOf(values.store, folder, portOffset);
  const said: string[] = [];
  const outcome = await drill({
    ...{ seed: Number(values.seed), durationMs, folder, portOffset, ground },
    deck: values.short ? decks.short : decks.whole,
    tell: (line) => {
      said.push(line);
      if (values.verbose) process.stderr.write(`${line}\n`);
    },
    progress: reporter(durationMs),
  });
  const sum = summary(outcome);
  process.stderr.write('\n');
  process.stdout.write(
    values.json ? `${JSON.stringify(sum, null, 2)}\n` : `${summaryLines(sum).join('\n')}\n`,
  );
  const failed = sum.problems.length > 0;
  if (failed || values.keep) {
    writeFileSync(join(folder, 'faults.txt'), `${said.join('\n')}\n`);
    // In the format that `bazar load --check-file` reads.
    writeFileSync(join(folder, 'history.jsonl'), [...historyLines(outcome.history)].join(''));
    process.stderr.write(`data, logs, faults and history: ${folder}\n`);
  } else {
    rmSync(folder, { recursive: true, force: true });
  }
  return failed ? 1 : 0;
}

/** The store's ground, and the faults that this machine allows. */
function groundOf(store: string, folder: string, portOffset: number) {
  if (store === 'journal') {
    return { ground: journalGround, decks: { short: shortDeck, whole: wholeDeck } };
  }
  if (store !== 'postgres') throw new Error('--store must be journal or postgres');
  const refused = diskRefusal();
  if (refused !== undefined) {
    process.stderr.write(`left out: database full-disk, no disk can be mounted here: ${refused}\n`);
  }
  const mountsDisks = refused === undefined;
  return {
    ground: postgresGround({ folder, portOffset, mountsDisks }),
    decks: postgresDecks(mountsDisks),
  };
}

/** One line that is overwritten on a terminal, otherwise one line per second. */
function reporter(durationMs: number): (progress: Progress) => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  const everyMs = process.stderr.isTTY ? progressEveryMs : 10 * progressEveryMs;
  return ({ elapsedMs, faults, operations, acknowledged, problems, now }) => {
    if (elapsedMs - toldMs < everyMs) return;
    toldMs = elapsedMs;
    const line = [
      `${clock(elapsedMs)} of ${clock(durationMs)}`,
      `${faults} faults`,
      `${operations} operations`,
      `${acknowledged} acknowledged`,
      `${problems} violations`,
      now,
    ].join('  ');
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
  };
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')}`;
}

process.exitCode = await main().catch((error: unknown) => {
  // A system error, such as a port in use, is not a fault of the program.
  if (!(error instanceof Error && 'code' in error)) throw error;
  process.stderr.write(`${error.message}\n`);
  return 2;
});
