/**
 * Measures the subjects in alternating rounds, so that other load of the machine affects all of them
 * equally. Afterwards sells a scarce item out and checks the books of every system.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Picks } from '../load/picks.js';
import type { Timing } from '../load/session.js';
import { faultsOf } from './check.js';
import { runLoad } from './load.js';
import type { PeerSystem, Run, Subject, SubjectName } from './peer.js';
import { type Cell, hot, mediansOf, rotated, type Shape } from './ratios.js';
import { takeSnapshot, type Usage, usageBetween } from './usage.js';

export interface Plan {
  readonly shapes: readonly Shape[];
  readonly rounds: number;
  readonly timing: Timing;
  /** Load of each subject before the first round; it compiles the hot code. */
  readonly heatMs: number;
  /** Units of each item at the start; the last item is scarce. */
  readonly stock: readonly number[];
  readonly say: (text: string) => void;
}

export interface Comparison {
  readonly cells: readonly Cell[];
  /** Usage per second without load, by system. */
  readonly idle: Readonly<Record<string, Usage>>;
  readonly problems: readonly string[];
}

interface Entry {
  readonly system: PeerSystem;
  readonly subject: Subject;
  /** Shared by the subjects of a system. */
  readonly sold: Uint32Array;
}

const heatConnections = 50;
/** After the warm-up, the servers finish compiling and collecting garbage. */
const settleMs = 1_500;
const idleMs = 1_500;
const soldOutConnections = 20;
const soldOutTiming: Timing = { warmUpMs: 0, runMs: 300 };
const soldOutRunsMax = 20;
const soldOut = 'out_of_stock';

export async function compare(
  systems: readonly PeerSystem[],
  only: readonly SubjectName[],
  plan: Plan,
): Promise<Comparison> {
  const problems: string[] = [];
  const entries = systems.flatMap((system): Entry[] => {
    const sold = new Uint32Array(plan.stock.length);
    return system.subjects
      .filter(({ name }) => only.includes(name))
      .map((subject) => ({ system, subject, sold }));
  });
  for (const entry of entries) problems.push(...(await heat(entry, plan)));
  const idle = await idleUsage(systems);
  const cells: Cell[] = [];
  for (const shape of plan.shapes) {
    const runs = await measure(entries, shape, plan);
    for (const { system, subject } of entries) {
      const { name } = subject;
      const list = runs.get(name) ?? [];
      const median = mediansOf(list, idle[system.name]?.switches ?? 0);
      cells.push({ shape, subject: name, median, runs: list });
      problems.push(...list.flatMap((run) => failuresOf(`${name}, ${shapeText(shape)}`, run)));
    }
  }
  for (const entry of entries) problems.push(...(await sellOut(entry, plan)));
  for (const system of systems) {
    plan.say(`${system.name}: checking the books`);
    const sold = entries.find((entry) => entry.system === system)?.sold ?? [];
    problems.push(...(await check(system, plan, sold)));
  }
  return { cells, idle, problems };
}

export function shapeText({ items, connections }: Shape): string {
  const what = items === hot ? 'hot item' : `${items.toLocaleString('en')} items`;
  return `${what}, ${connections} ${connections === 1 ? 'connection' : 'connections'}`;
}

async function heat({ system, subject, sold }: Entry, plan: Plan): Promise<readonly string[]> {
  const items = Math.max(...plan.shapes.map((shape) => shape.items));
  const load = {
    connections: heatConnections,
    picks: picksOf(items),
    timing: { warmUpMs: 0, runMs: plan.heatMs },
    sold,
  };
  const run = await runLoad(subject, load, system.processes());
  plan.say(`warming up ${subject.label}: ${rateText(run)}`);
  return failuresOf(`${subject.name}, warm-up`, run);
}

async function measure(
  entries: readonly Entry[],
  shape: Shape,
  { rounds, timing, say }: Plan,
): Promise<ReadonlyMap<SubjectName, readonly Run[]>> {
  const runs = new Map<SubjectName, Run[]>(entries.map(({ subject }) => [subject.name, []]));
  const picks = picksOf(shape.items);
  for (let round = 0; round < rounds; round++) {
    for (const { system, subject, sold } of rotated(entries, round)) {
      const load = { connections: shape.connections, picks, timing, sold };
      const run = await runLoad(subject, load, system.processes());
      runs.get(subject.name)?.push(run);
      say(`${shapeText(shape)}, round ${round + 1}, ${subject.label}: ${rateText(run)}`);
    }
  }
  return runs;
}

/** Every subject must sell the scarce item until exactly 0 units are left. */
async function sellOut({ system, subject, sold }: Entry, plan: Plan): Promise<readonly string[]> {
  const item = plan.stock.length - 1;
  const load = {
    connections: soldOutConnections,
    picks: Picks.always(item),
    timing: soldOutTiming,
    sold,
  };
  const failures: string[] = [];
  let refused = 0;
  for (let run = 0; run < soldOutRunsMax && refused === 0; run++) {
    const { refusals } = await runLoad(subject, load, system.processes());
    const { [soldOut]: expected = 0, ...others } = refusals;
    refused += expected;
    failures.push(...refusalsText(`${subject.name}, scarce item`, others));
  }
  const left = (plan.stock[item] ?? 0) - (sold[item] ?? 0);
  if (left !== 0) failures.push(`${subject.name}: ${left} units of the scarce item were not sold`);
  if (refused === 0) failures.push(`${subject.name}: no purchase was refused`);
  return failures;
}

/** An error of the check is a problem too, and keeps the measurements. */
async function check(
  system: PeerSystem,
  { stock }: Plan,
  sold: ArrayLike<number>,
): Promise<readonly string[]> {
  try {
    const faults = faultsOf(await system.books(), stock, sold);
    return faults.map((fault) => `${system.name}: ${fault}`);
  } catch (error) {
    return [`${system.name}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

async function idleUsage(systems: readonly PeerSystem[]): Promise<Record<string, Usage>> {
  await sleep(settleMs);
  const before = systems.map((system) => takeSnapshot(system.processes()));
  const beganMs = performance.now();
  await sleep(idleMs);
  const seconds = (performance.now() - beganMs) / 1_000;
  const idle: Record<string, Usage> = {};
  for (const [index, system] of systems.entries()) {
    const [first, last] = [before[index], takeSnapshot(system.processes())];
    if (first && last) idle[system.name] = usageBetween(first, last, seconds);
  }
  return idle;
}

function picksOf(items: number): Picks {
  return items === hot ? Picks.always(hot) : Picks.uniform(items);
}

function failuresOf(where: string, run: Run): string[] {
  const failures = refusalsText(where, run.refusals);
  return run.answers === 0 ? [...failures, `${where}: no answer`] : failures;
}

function refusalsText(where: string, refusals: Run['refusals']): string[] {
  return Object.entries(refusals).map(([code, n]) => `${where}: ${n} × ${code}`);
}

function rateText({ ratePerSecond }: Run): string {
  return `${Math.round(ratePerSecond).toLocaleString('en')}/s`;
}
