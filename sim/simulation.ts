/**
 * One run of a seed in two phases: safety under chaos; then everything is healed, and the store must
 * come to rest without losses (docs/PROTOCOL.md, 7). The same seed, faults and bugs give the same run.
 */

import { seededRandom } from '../src/base/random.js';
import type { Rules } from '../src/consensus/rules.js';
import { type Aim, drawPlan } from './aims.js';
import type { Bug } from './bugs.js';
import { Cluster } from './cluster.js';
import { FaultDriver } from './fault-driver.js';
import { type Fault, harmless, quietMs } from './faults.js';
import { OutageWatch } from './outage-watch.js';
import { pendingWork } from './pending.js';
import type { Profile } from './profile.js';
import { withLimits } from './replaced-limits.js';
import { World } from './world.js';

export interface RunOptions {
  readonly seed: number;
  /** The seed draws a run with this aim. */
  readonly aim?: Aim | undefined;
  /** Replaces the values that the seed draws. */
  readonly profile?: Partial<Profile>;
  readonly faults?: readonly Fault[];
  readonly rules?: Partial<Rules>;
  readonly bugs?: readonly Bug[];
  /** I12 during the chaos; the default is true. */
  readonly watchesOutages?: boolean;
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
  readonly counts: ReadonlyMap<string, number>;
  /** From the healing to a leader that a frontend knows; the later of both groups. */
  readonly electedMs: number;
  /** The longest time during the chaos without a leader that should have led (I12). */
  readonly outageMs: number;
  readonly settledMs: number;
}

/** I12, after the detection: STICK, a second, the next health check, and the interval of checks here. */
const electionMaxMs = 250 + 1_000 + 100 + 50;
/** Longer than any attempt of a customer and any repair. */
const settleMaxMs = 20_000;
const lookMs = 25;
const groups = ['catalog', 'order'] as const;

/** The run has the limits of its profile; the store's own are restored afterwards. */
export function simulate(options: RunOptions): Promise<RunResult> {
  const { seed, aim } = options;
  const drawn = drawPlan(seededRandom(seed), aim);
  const network = { ...drawn.profile.network, ...options.profile?.network };
  const profile: Profile = { ...drawn.profile, ...options.profile, network };
  const faults = options.faults ?? drawn.faults;
  return withLimits(profile.limits, () => run(options, profile, faults));
}

async function run(
  options: RunOptions,
  profile: Profile,
  faults: readonly Fault[],
): Promise<RunResult> {
  const { seed, rules, bugs, trace } = options;
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
  await scheduler.run(quietMs);
  const leaders = groups.map((group) => cluster.leader(group));
  const outages = new OutageWatch(world, cluster, faults);
  if (options.watchesOutages ?? true) outages.start();
  // Compared as a sum: a difference of fractions may never reach the wanted time.
  const endMs = (): number => profile.chaosMs + scheduler.skippedMs;
  while (scheduler.nowMs < endMs() && world.problems.length === 0) await scheduler.run(endMs());
  outages.stop();
  const isSteady = faults.every(({ kind }) => harmless.has(kind));
  for (const leader of isSteady ? leaders : []) {
    if (leader && !leader.leads) world.report(`A6: ${leader.name} was deposed though it lives`);
  }
  const healedMs = scheduler.nowMs;
  let electedMs = 0;
  if (world.problems.length === 0) {
    driver.heal();
    for (const guest of cluster.guests) guest.stop();
    await rest(world, cluster);
    electedMs = await replaceLeader(world, cluster, driver);
    await lastPurchases(world, cluster);
  }
  return {
    seed,
    faults,
    profile,
    hash: finalHash(world, cluster),
    problems: world.problems,
    events: scheduler.events,
    simulatedMs: scheduler.nowMs,
    counts: countUp(world, cluster),
    electedMs,
    outageMs: outages.longestMs,
    settledMs: scheduler.nowMs - healedMs,
  };
}

/** I12: a healthy majority that one frontend reaches has a leader in time. Returns the time. */
async function replaceLeader(world: World, cluster: Cluster, driver: FaultDriver): Promise<number> {
  if (world.problems.length > 0) return 0;
  const { scheduler } = world;
  const can = groups.filter((group) => cluster.canLoseLeader(group));
  const group = can[world.random.faults.integer(Math.max(1, can.length))];
  if (group === undefined) return 0;
  const before = cluster.leader(group)?.name;
  const { detectionMs, withinMs, writes, hasShown, end } = driver.loseLeader(group);
  const maxMs = withinMs ?? detectionMs + electionMaxMs;
  const lostMs = scheduler.nowMs;
  let begunMs = lostMs;
  let isShown = hasShown === undefined;
  const [frontend] = cluster.frontends;
  if (writes && frontend) void cluster.customers[0]?.buyLast(frontend, 'meanwhile');
  for (;;) {
    await scheduler.run(scheduler.nowMs + lookMs);
    const leaders = cluster.frontends.map((frontend) => frontend.leaders?.[group]);
    const isReplaced = leaders.some((name) => name !== undefined && name !== before);
    if (isReplaced || world.problems.length > 0) break;
    isShown ||= hasShown?.() === true;
    // The key table may be full for a while, and then the group has nothing to write.
    if (!isShown && scheduler.nowMs - lostMs < settleMaxMs) begunMs = scheduler.nowMs;
    if (scheduler.nowMs - begunMs > maxMs) {
      world.report(`I12: no ${group} leader in ${maxMs} ms: ${pendingWork(cluster).join('; ')}`);
      break;
    }
  }
  const tookMs = scheduler.nowMs - begunMs;
  end();
  return tookMs;
}

/** Waits until no work is left; reports work left after a long time. */
async function rest(
  world: World,
  cluster: Cluster,
  wanted: () => string[] = () => [],
): Promise<void> {
  const { scheduler } = world;
  const untilMs = scheduler.nowMs + settleMaxMs;
  const pending = (): string[] => [...wanted(), ...pendingWork(cluster)];
  while (world.problems.length === 0 && pending().length > 0) {
    if (scheduler.nowMs > untilMs) {
      world.report(`not at rest ${settleMaxMs} ms after healing: ${pending().join('; ')}`);
      return;
    }
    await scheduler.run(scheduler.nowMs + lookMs);
  }
}

/** One more purchase at each frontend, then the books. */
async function lastPurchases(world: World, cluster: Cluster): Promise<void> {
  let missing = cluster.frontends.length;
  for (const frontend of cluster.frontends) {
    const [customer] = cluster.customers;
    void customer?.buyLast(frontend, 'last').then(() => {
      missing -= 1;
    });
  }
  await rest(world, cluster, () => (missing > 0 ? [`${missing} last purchases`] : []));
  if (world.problems.length > 0) return;
  cluster.compare();
  cluster.ledger.settle();
  const { problems, operations } = cluster.checkHistory();
  world.count('operations in checked histories', operations);
  for (const problem of problems) world.report(problem);
}

function finalHash(world: World, cluster: Cluster): string {
  for (const { machine } of [...cluster.catalogs, ...cluster.orders]) {
    const hash = machine?.hash() ?? '';
    for (let at = 0; at < hash.length; at++) world.scheduler.mix(hash.charCodeAt(at));
  }
  return world.scheduler.hash;
}

function countUp(world: World, cluster: Cluster): ReadonlyMap<string, number> {
  const { books, reads, logs, profile } = world;
  world.count('sales', books.sales.length);
  world.count('purchases replayed', books.replays);
  world.count('purchases refused', books.refusals);
  world.count('purchases refused for their total', books.tooLarge);
  world.count('look-ups', reads.lookups);
  world.count('look-ups from a cache', reads.hits);
  world.count('operations done', sum(cluster.guests.map(({ done }) => done)));
  world.count('operations given up', sum(cluster.guests.map(({ failed }) => failed)));
  for (const log of [logs.catalog, logs.order]) {
    world.count('leaders', log.leaders.size);
    world.count('truncations', log.truncations);
  }
  world.count('runs over the real journal', profile.realJournal ? 1 : 0);
  return world.counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
