/** Which services a store can spare at its start. */
import t from 'tap';
import { whyShut } from '../../../src/cli/launcher/quorum.js';
import { planCluster } from '../../../src/cli/launcher/store-plan.js';

const frontends = ['frontend-1', 'frontend-2'];

function shut(counts: readonly [number, number, number], ...lost: string[]): string | undefined {
  const [catalogs, orders, recovery] = counts;
  const cluster = planCluster({ catalogs, orders, recovery, host: '127.0.0.1', portOffset: 0 });
  return whyShut(cluster, frontends, new Set(lost));
}

t.test('a minority of each group and all frontends but one are not required', async (t) => {
  t.equal(shut([2, 3, 1]), undefined);
  t.equal(shut([2, 3, 1], 'catalog-1', 'order-3', 'frontend-1'), undefined);
  t.equal(shut([2, 3, 1], 'recovery-1', 'order-3'), undefined);
});

t.test('without a majority, a replica or a frontend the store does not open', async (t) => {
  const lacking = (group: string, left: string): string =>
    `the ${group} group has no majority: ${left} members are left`;
  t.equal(shut([2, 3, 1], 'catalog-1', 'recovery-1'), lacking('catalog', '1 of 3'));
  t.equal(shut([2, 3, 1], 'order-1', 'order-2'), lacking('order', '1 of 3'));
  t.equal(shut([1, 1, 0], 'order-1'), lacking('order', '0 of 1'));
  t.equal(shut([1, 1, 2], 'catalog-1'), 'the catalog group has no replica');
  t.equal(shut([2, 3, 1], 'frontend-1', 'frontend-2'), 'no frontend is left');
});
