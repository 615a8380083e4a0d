/**
 * An order replica that was down while many orders were placed returns while sales continue: the time
 * from its start until it has caught up.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fact, Scenario } from '../bench.js';
import { Customers } from '../customers.js';
import { audit, leaderOf, memberOf, members, whole } from '../members.js';
import { Picks } from '../picks.js';
import { LoadSession } from '../session.js';
import { command } from '../store.js';
import { purchases } from '../workloads.js';

const products = 10;
const item = 1;
const missedOrders = 100_000;
const quickOrders = 10_000;
const loadMs = 1_000;
const customersAfter = 5;
const shape = { connections: 200, depth: 1 };
const pollMs = 10;
/** Sales continue, so a small lag is normal. */
const lagMax = 100;
const limitMs = 300_000;

export const catchUp: Scenario = {
  name: 'catch-up',
  about: 'a replica that missed 100,000 orders: time from its start until it has them',
  limitMs,
  async run(bench) {
    const missed = bench.settings.quick ? quickOrders : missedOrders;
    const store = await bench.store({ products, flags: ['--no-restart'] });
    await whole(store);
    const leader = await leaderOf(store, 'order');
    const all = await members(store);
    const victim = all.find(({ group, role }) => group === 'order' && role === 'follower');
    if (!victim) {
      const problem = 'needs a follower of the orders: --catalogs 2 --orders 3 --recovery 1';
      return { rows: [], facts: [], problems: [problem] };
    }
    const data = ['--data-dir', store.dataDir];
    execFileSync(process.execPath, [command, 'kill', victim.name, ...data], { stdio: 'ignore' });
    const session = await LoadSession.open(store.target, shape, purchases(Picks.always(item)));
    const problems: string[] = [];
    while (session.accepted < missed) {
      const { errors } = await session.run({ warmUpMs: 0, runMs: loadMs });
      problems.push(...Object.entries(errors).map(([code, count]) => `${count} × ${code}`));
      bench.progress(`${session.accepted} orders without ${victim.name}`);
    }
    session.close();
    const shoppers = new Customers(store.target, item);
    shoppers.start(customersAfter);
    const startMs = performance.now();
    const starting = execFileSync(process.execPath, [command, 'start', victim.name, ...data], {
      encoding: 'utf8',
    });
    bench.progress(starting.trim());
    const commandMs = performance.now() - startMs;
    await caughtUp();
    const tookMs = performance.now() - startMs;
    problems.push(...(await shoppers.close()), ...(await audit(store)));
    const facts: Fact[] = [
      { what: `orders that ${victim.name} missed`, value: session.accepted, unit: '' },
      { what: 'until the command says that it is ready', value: commandMs, unit: 'ms' },
      { what: 'until it has them', value: tookMs, unit: 'ms' },
    ];
    return { rows: [], facts, problems };

    async function caughtUp(): Promise<void> {
      for (;;) {
        const [own, ahead] = await Promise.all([
          memberOf(store, victim?.name ?? ''),
          memberOf(store, leader.name),
        ]);
        if (own?.role === 'follower' && ahead && own.commit >= ahead.commit - lagMax) return;
        await sleep(pollMs);
      }
    }
  },
};
