/**
 * How long purchases fail when a leader crashes or hangs. Each round waits until the store is complete
 * again, stops the current leader, and takes the first acknowledgement of a purchase that was sent
 * afterwards. At the end the books must balance.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, Fact, Scenario } from '../bench.js';
import { Customers } from '../customers.js';
import { median } from '../measure.js';
import { audit, leaderOf, memberOf, whole } from '../members.js';
import type { RunningStore } from '../store.js';

type Group = 'catalog' | 'order';
type Blow = 'SIGKILL' | 'SIGSTOP';

interface Series {
  readonly group: Group;
  readonly blow: Blow;
  readonly rounds: number;
}

const limitMs = 600_000;
const customers = 20;
const products = 10;
const item = 1;
/** The pause before a fault, and the time for the store to recover after one. */
const settleMs = 400;
const stopRounds = 5;
const killRounds = 20;

export const failover: Scenario = {
  name: 'failover',
  about: 'time until somebody can buy again after SIGKILL and SIGSTOP of each leader',
  limitMs,
  async run(bench) {
    const { quick } = bench.settings;
    const store = await bench.store({ products });
    const facts: Fact[] = [];
    const shoppers = new Customers(store.target, item);
    shoppers.start(customers);
    for (const group of ['order', 'catalog'] as const) {
      const kills = { group, blow: 'SIGKILL', rounds: quick ? 2 : killRounds } as const;
      const stops = { group, blow: 'SIGSTOP', rounds: quick ? 1 : stopRounds } as const;
      facts.push(...(await run(bench, store, shoppers, kills)));
      facts.push(...(await run(bench, store, shoppers, stops)));
    }
    const problems = await shoppers.close();
    return { rows: [], facts, problems: [...problems, ...(await audit(store))] };
  },
};

async function run(
  bench: Bench,
  store: RunningStore,
  shoppers: Customers,
  { group, blow, rounds }: Series,
): Promise<Fact[]> {
  const tookMs: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    await whole(store);
    await sleep(settleMs);
    const { name, pid } = await leaderOf(store, group);
    const hitMs = performance.now();
    process.kill(pid, blow);
    const first = await shoppers.next(hitMs);
    tookMs.push(first.doneMs - hitMs);
    bench.progress(`${blow} of ${name}: ${(first.doneMs - hitMs).toFixed(0)} ms`);
    if (blow === 'SIGSTOP') process.kill(pid, 'SIGCONT');
    else await newProcess(store, name, pid);
  }
  const what = `${blow} of the ${group} leader`;
  return [
    { what: `${what}, median of ${rounds}`, value: median(tookMs), unit: 'ms' },
    { what: `${what}, worst`, value: Math.max(...tookMs), unit: 'ms' },
  ];
}

/**
 * The launcher restarts the dead process; until then the store is incomplete although the status does
 * not show it yet.
 */
async function newProcess(store: RunningStore, name: string, pid: number): Promise<void> {
  const pollMs = 20;
  for (;;) {
    const member = await memberOf(store, name);
    if (member !== undefined && member.pid !== pid && member.role !== 'down') return;
    await sleep(pollMs);
  }
}
