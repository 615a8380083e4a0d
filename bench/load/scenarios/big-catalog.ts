/**
 * A catalog of 100,000 products and 1,000,000 purchase keys: its start time, the effect of its snapshots
 * on purchases, and how long a replica that lost its disk is away.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, Fact, Report, Scenario } from '../bench.js';
import { type BigState, giveState } from '../big-state.js';
import { median } from '../measure.js';
import { leaderOf, memberOf, members, whole } from '../members.js';
import { PacedLoad, quantileMs, type Sample } from '../paced.js';
import { Picks } from '../picks.js';
import { LoadSession } from '../session.js';
import { command, type RunningStore } from '../store.js';
import { purchases } from '../workloads.js';

const limitMs = 600_000;
const startsFromLog = 5;
const fullShape = { connections: 50, depth: 1 };
const fullTiming = { warmUpMs: 3_000, runMs: 2_000 };
/** Excludes the time in which code is not compiled yet. */
const coldMs = 20_000;
const pacedMs = 60_000;
const quickPacedMs = 15_000;
const wipedRate = 500;
const wipedLimitMs = 120_000;
const pollMs = 20;
const lagMax = 500;

export const bigCatalog: Scenario = {
  name: 'big-catalog',
  about: '100,000 products and 1,000,000 keys: start, snapshots under load, a lost disk',
  limitMs,
  async run(bench) {
    const { quick } = bench.settings;
    const state: BigState = { products: 100_000, keys: quick ? 100_000 : 1_000_000 };
    const founding = await bench.store({ products: state.products });
    await whole(founding);
    const fromLog: number[] = [];
    let last = founding;
    for (let start = 0; start < (quick ? 1 : startsFromLog); start++) {
      await last.halt();
      last = await bench.again(founding);
      await whole(last);
      fromLog.push(last.startMs);
    }
    await last.crash();
    const afterCrash = await bench.again(founding);
    await whole(afterCrash);
    await afterCrash.crash();
    const bytes = await giveState(founding.dataDir, catalogFolders(bench), state);
    const store = await bench.again(founding);
    await whole(store);
    const facts: Fact[] = [
      { what: 'the first start, with 100,000 products', value: founding.startMs, unit: 'ms' },
      {
        what: 'starts from the log, after a stop in order: median',
        value: median(fromLog),
        unit: 'ms',
      },
      { what: 'the slowest of these', value: Math.max(...fromLog), unit: 'ms' },
      { what: 'a start from the log, after a crash', value: afterCrash.startMs, unit: 'ms' },
      { what: 'a start with the keys, from a snapshot', value: store.startMs, unit: 'ms' },
      { what: 'the snapshot', value: bytes / 2 ** 20, unit: 'MiB' },
    ];
    const load = await underLoad(bench, store, state);
    const wiped = await lostDisk(bench, store, state);
    // No audit: its answer, with a line per product, would exceed a public frame.
    const problems = [...load.problems, ...wiped.problems];
    return { rows: [], facts: [...facts, ...load.facts, ...wiped.facts], problems };
  },
};

function catalogFolders({ settings }: Bench): string[] {
  const { catalogs, recovery } = settings.store;
  const names = (kind: string, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `${kind}-${n + 1}`);
  const voters = names('recovery', recovery).map((name) => join(name, 'catalog'));
  return [...names('catalog', catalogs), ...(catalogs % 2 === 0 ? voters : [])];
}

/** Half of the greatest rate, long enough for several snapshots. */
async function underLoad(bench: Bench, store: RunningStore, state: BigState): Promise<Report> {
  const full = await LoadSession.open(
    store.target,
    fullShape,
    purchases(Picks.uniform(state.products)),
  );
  const { ratePerSecond } = await full.run(fullTiming);
  full.close();
  const rate = Math.round(ratePerSecond / 2);
  bench.progress(`${Math.round(ratePerSecond)}/s at most, ${rate}/s from here on`);
  const load = new PacedLoad(store.target, state.products);
  if (!bench.settings.quick) await load.run(rate, coldMs);
  load.samples.length = 0;
  const fromMs = performance.now();
  await load.run(rate, bench.settings.quick ? quickPacedMs : pacedMs);
  load.close();
  const made = snapshotsOf(store, catalogFolders(bench)).filter(({ toMs }) => toMs > fromMs);
  const [during, between] = split(load.samples, made);
  const [slow, usual] = [quantileMs(during, 0.999), quantileMs(between, 0.999)];
  const [slowSecond, usualSecond] = [secondMs(during), secondMs(between)];
  const facts: Fact[] = [
    { what: 'purchases a second at half load', value: rate, unit: '' },
    { what: 'snapshots made', value: made.length, unit: '' },
    { what: 'making one, median', value: median(made.map(lengthMs)), unit: 'ms' },
    { what: 'p99.9 while none is made', value: usual, unit: 'ms' },
    { what: 'p99.9 while one is made', value: slow, unit: 'ms' },
    { what: 'so it grows by', value: slow - usual, unit: 'ms' },
    { what: 'p99.9 of a second while none is made, median', value: usualSecond, unit: 'ms' },
    { what: 'p99.9 of a second while one is made, median', value: slowSecond, unit: 'ms' },
    { what: 'so the usual one grows by', value: slowSecond - usualSecond, unit: 'ms' },
    { what: 'p50 while none is made', value: quantileMs(between, 0.5), unit: 'ms' },
    { what: 'p50 while one is made', value: quantileMs(during, 0.5), unit: 'ms' },
  ];
  const problems = [...load.errors].map(([code, count]) => `half load: ${count} × ${code}`);
  if (made.length === 0) problems.push('no snapshot was made');
  return { rows: [], facts, problems };
}

/** A follower of the catalog loses its folder during light sales. */
async function lostDisk(bench: Bench, store: RunningStore, state: BigState): Promise<Report> {
  const all = await members(store);
  const victim = all.find(
    ({ group, kind, role }) => group === 'catalog' && kind === 'replica' && role === 'follower',
  );
  if (!victim) return { rows: [], facts: [], problems: [] };
  const leader = await leaderOf(store, 'catalog');
  const data = ['--data-dir', store.dataDir];
  const bazar = (...args: string[]) =>
    execFileSync(process.execPath, [command, ...args, ...data], { stdio: 'ignore' });
  const load = new PacedLoad(store.target, state.products);
  bazar('kill', victim.name);
  rmSync(join(store.dataDir, victim.name), { recursive: true, force: true });
  const loading = load.run(wipedRate, bench.settings.quick ? quickPacedMs : pacedMs / 2);
  const beganMs = performance.now();
  bazar('start', victim.name);
  const startedMs = performance.now() - beganMs;
  while (!(await hasCaughtUp())) {
    if (performance.now() - beganMs > wipedLimitMs) throw new Error(`${victim.name} stays behind`);
    await sleep(pollMs);
  }
  const tookMs = performance.now() - beganMs;
  await loading;
  load.close();
  const facts: Fact[] = [
    { what: `${victim.name} with a lost disk, until it listens`, value: startedMs, unit: 'ms' },
    { what: 'until it has caught up and votes', value: tookMs, unit: 'ms' },
    { what: 'p99.9 of purchases meanwhile', value: quantileMs(load.samples, 0.999), unit: 'ms' },
  ];
  const problems = [...load.errors].map(([code, count]) => `a lost disk: ${count} × ${code}`);
  return { rows: [], facts, problems };

  async function hasCaughtUp(): Promise<boolean> {
    const own = await memberOf(store, victim?.name ?? '');
    const ahead = await memberOf(store, leader.name);
    return (
      own?.role === 'follower' && own.commit > 0 && own.commit >= (ahead?.commit ?? 0) - lagMax
    );
  }
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const lengthMs = ({ fromMs, toMs }: Span): number => toMs - fromMs;

/** When each replica made its snapshots, according to their logs. */
function snapshotsOf(store: RunningStore, folders: readonly string[]): Span[] {
  return folders
    .filter((name) => name.startsWith('catalog'))
    .flatMap((name) => readLog(join(store.dataDir, '..', 'logs', `${name}.log`)))
    .flatMap(({ msg, time, tookMs }) => {
      if (msg !== 'a snapshot is on disk' || tookMs === undefined) return [];
      const toMs = Date.parse(time) - performance.timeOrigin;
      return [{ fromMs: toMs - tookMs, toMs }];
    });
}

interface LogLine {
  readonly msg: string;
  readonly time: string;
  readonly tookMs?: number;
}

function readLog(file: string): LogLine[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

/** One stall of the machine dominates whole minutes; the median of the seconds shows the usual value. */
function secondMs(samples: readonly Sample[]): number {
  const seconds = new Map<number, Sample[]>();
  for (const sample of samples) {
    const second = Math.floor(sample.dueMs / 1_000);
    const all = seconds.get(second);
    if (all) all.push(sample);
    else seconds.set(second, [sample]);
  }
  return median([...seconds.values()].map((each) => quantileMs(each, 0.999)));
}

/** Splits the samples into those due during a snapshot and all others. */
function split(samples: readonly Sample[], spans: readonly Span[]): [Sample[], Sample[]] {
  const during: Sample[] = [];
  const between: Sample[] = [];
  for (const sample of samples) {
    const isDuring = spans.some(
      ({ fromMs, toMs }) => sample.dueMs >= fromMs && sample.dueMs <= toMs,
    );
    (isDuring ? during : between).push(sample);
  }
  return [during, between];
}
