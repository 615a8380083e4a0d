import t from 'tap';
import type { ClusterConfig, MemberAddresses } from '../../src/base/config.js';
import { groupsOf, membership } from '../../src/group/membership.js';

function members(kind: string, count: number): MemberAddresses[] {
  const at = { host: '127.0.0.1', port: 1 };
  return Array.from({ length: count }, (_, i) => ({
    name: `${kind}-${i + 1}`,
    service: at,
    peer: at,
  }));
}

function cluster(catalogs: number, orders: number, recovery: number): ClusterConfig {
  return {
    catalogs: members('catalog', catalogs),
    orders: members('order', orders),
    recovery: members('recovery', recovery),
  };
}

const cases: [
  catalogs: number,
  orders: number,
  recovery: number,
  catalog: number,
  order: number,
][] = [
  [1, 1, 0, 0, 0],
  [1, 1, 1, 0, 0],
  [2, 3, 0, 0, 0],
  [2, 3, 1, 1, 0],
  [2, 3, 2, 1, 2],
  [3, 3, 3, 2, 2],
];

for (const [catalogs, orders, recovery, inCatalog, inOrder] of cases) {
  const title = `${catalogs} catalogs, ${orders} orders and ${recovery} recovery servers`;
  t.test(`${title}: ${inCatalog} and ${inOrder} of these vote`, async (t) => {
    const all = cluster(catalogs, orders, recovery);
    t.equal(membership(all, 'catalog').recoveryServers.length, inCatalog);
    t.equal(membership(all, 'order').recoveryServers.length, inOrder);
  });
}

t.test('the recovery servers with the lowest ids vote', async (t) => {
  const all = cluster(2, 3, 2);
  t.same(groupsOf(all, 'recovery-1'), ['catalog', 'order']);
  t.same(groupsOf(all, 'recovery-2'), ['order']);
});
