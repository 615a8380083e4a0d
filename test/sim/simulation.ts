/**
 * One run of a seed in two phases: safety under chaos, then everything is healed and the store must
 * come to rest with nothing lost (docs/PROTOCOL.md, 7; the models of its tests). The same seed,
 * faults and bugs give the same run.
 */

import { seededRandom } from '../../src/base/random.js';
import type { Rules } from '../../src/consensus/rules.js';
import type { Bug } from './bugs.js';
import { Cluster } from './cluster.js';
import { FaultDriver } from './fault-driver.js';
import { drawFaults, type Fault } from './faults.js';
import { pendingWork } from './pending.js';
import { drawProfile, type Profile } from './profile.js';
import { World } from './world.js';

export interface RunOptions {
  readonly seed: number;
  /** Instead of what the seed draws. */
  readonly profile?: Partial<Profile>;
  readonly faults?: readonly Fault[];
  readonly rules?: Partial<Rules>;
  readonly bugs?: readonly Bug[];
  readonly trace?: (line: string) => void;
}

export interface RunResult {
  readonly seed: number;
  readonly hash: string;
  readonly problems: readonly string[];
  readonly faults: readonly Fault[];
  readonly profile: Profile;
  readonly events: number;
  readonly simulatedMs: number;
  readonly sales: number;
  readonly done: number;
  readonly failed: number;
  readonly lookups: number;
  readonly hits: number;
  readonly uncoveredStale: number;
  /** From the healing to a leader that a frontend knows, for each group the later. */
  readonly electedMs: number;
  readonly settledMs: number;
  readonly realJournal: boolean;
}

/** I12: detection, STICK, an election; and what a reconnection may take, and a slow disk. */
export const electionMaxMs = 500 + 250 + 1_000 + 1_000 + 750;
/** Longer than any attempt of a customer and any repair. */
const settleMaxMs = 20_000;
const lookMs = 25;

export function drawPlan(seed: number): { profile: Profile; faults: Fault[] } {
  const random = seededRandom(seed);
  const profile = drawProfile(random);
  return { profile, faults: drawFaults(random, profile.faults, profile.chaosMs) };
}

export async function simulate(options: RunOptions): Promise<RunResult> {
  const { seed, rules, bugs, trace } = options;
  const drawn = drawPlan(seed);
  const profile: Profile = { ...drawn.profile, ...options.profile };
  const faults = options.faults ?? drawn.faults;
  const world = new World({ seed, profile, trace, ...(rules && { rules }), ...(bugs && { bugs }) });
  world.trace(() => `PROFILE ${JSON.stringify(profile)}`);
  const cluster = new Cluster(world);
  const driver = new FaultDriver(world, cluster);
  const { scheduler } = world;
  scheduler.after = () => {
    cluster.observe();
    return world.problems.length > 0;
  };
  cluster.start();
  driver.plan(faults);
  await scheduler.run(profile.chaosMs);
  const healedMs = scheduler.nowMs;
  let electedMs = 0;
  if (world.problems.length === 0) {
    driver.heal();
    electedMs = await untilElected(world, cluster);
    await settle(world, cluster);
  }
  return {
    seed,
    faults,
    profile,
    hash: finalHash(world, cluster),
    problems: world.problems,
    events: scheduler.events,
    simulatedMs: scheduler.nowMs,
    sales: world.books.sales.length,
    done: sum(cluster.customers.map(({ done }) => done)),
    failed: sum(cluster.customers.map(({ failed }) => failed)),
    lookups: world.reads.lookups,
    hits: world.reads.hits,
    uncoveredStale: world.reads.uncoveredStale,
    electedMs,
    settledMs: scheduler.nowMs - healedMs,
    realJournal: profile.realJournal,
  };
}

/** I12: a healthy majority that one frontend reaches has a leader in time. */
async function untilElected(world: World, cluster: Cluster): Promise<number> {
  const { scheduler } = world;
  const healedMs = scheduler.nowMs;
  for (;;) {
    const known = cluster.frontends.some(
      ({ leaders }) => leaders?.catalog !== undefined && leaders.order !== undefined,
    );
    if (known || world.problems.length > 0) return scheduler.nowMs - healedMs;
    if (scheduler.nowMs - healedMs > electionMaxMs) {
      world.report(`I12: no leader after ${electionMaxMs} ms: ${pendingWork(cluster).join('; ')}`);
      return electionMaxMs;
    }
    await scheduler.run(scheduler.nowMs + lookMs);
  }
}

/** Customers finish, one last purchase at each frontend succeeds, and nothing is left to do. */
async function settle(world: World, cluster: Cluster): Promise<void> {
  const { scheduler } = world;
  const untilMs = scheduler.nowMs + settleMaxMs;
  for (const customer of cluster.customers) customer.stop();
  const wait = async (pending: () => readonly string[]): Promise<void> => {
    while (world.problems.length === 0 && pending().length > 0) {
      if (scheduler.nowMs > untilMs) {
        world.report(`not at rest ${settleMaxMs} ms after healing: ${pending().join('; ')}`);
        return;
      }
      await scheduler.run(scheduler.nowMs + lookMs);
    }
  };
  await wait(() => pendingWork(cluster));
  let bought = 0;
  for (const frontend of cluster.frontends) {
    const [customer] = cluster.customers;
    void customer?.buyLast(frontend).then(() => {
      bought += 1;
    });
  }
  await wait(() => (bought < cluster.frontends.length ? ['the last purchases'] : []));
  await wait(() => pendingWork(cluster));
  if (world.problems.length > 0) return;
  cluster.compare();
  cluster.ledger.settle();
}

function finalHash(world: World, cluster: Cluster): string {
  for (const { machine } of [...cluster.catalogs, ...cluster.orders]) {
    const hash = machine?.hash() ?? '';
    for (let at = 0; at < hash.length; at++) world.scheduler.mix(hash.charCodeAt(at));
  }
  return world.scheduler.hash;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
