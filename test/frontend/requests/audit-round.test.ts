import t from 'tap';
import type { ReplicaClient } from '../../../src/frontend/replica-client.js';
import { takeAudit } from '../../../src/frontend/requests/audit-round.js';
import type { CatalogAudit, OrderAudit } from '../../../src/wire/audit-messages.js';

const catalog: CatalogAudit = [9, 'c', 'c', 2, [[8, 'Tux', 100, 3, 97]]];

function lines(order: OrderAudit): ReplicaClient[] {
  const line = (group: 'catalog' | 'order', name: string): ReplicaClient => ({
    ...{ name, group, connected: true, isRecoveryServer: false },
    call: async (method) => {
      if (method === 'audit') return group === 'catalog' ? catalog : order;
      return group === 'catalog' ? [9, 'c'] : [5, 'o'];
    },
  });
  return [line('catalog', 'catalog-1'), line('order', 'order-1'), line('order', 'order-2')];
}

const leaders = { catalog: 'catalog-1', order: 'order-1' };

t.test('the state of each replica is compared', async (t) => {
  const report = await takeAudit(lines([5, 'o', 2, [[8, 3]], []]), leaders, 'token');
  t.equal(report.ok, true);
  t.same(
    report.replicas.map(({ name }) => name),
    ['catalog-1', 'order-1', 'order-2'],
  );
});

t.test(
  'the order leader is asked for the book through the last numbers of the catalog',
  async (t) => {
    const asked: unknown[] = [];
    const [, ...orders] = lines([5, 'o', 2, [[8, 3]], []]);
    const catalogs: readonly CatalogAudit[] = [
      catalog,
      [...catalog, [], 4],
      [...catalog, [], 4, 7],
    ] as never;
    for (const one of catalogs) {
      const [first] = lines([5, 'o', 2, [[8, 3]], []]);
      const leader = {
        ...first,
        call: async (method: string) => (method === 'audit' ? one : [9, 'c']),
      };
      const others = orders.map((line) => ({
        ...line,
        call: async (method: string, params: unknown, timeoutMs: number) => {
          if (method === 'audit') asked.push(params);
          return line.call(method, params, timeoutMs);
        },
      }));
      await takeAudit([leader, ...others] as ReplicaClient[], leaders, 'token');
    }
    t.same(asked, [
      ['token', 2],
      ['token', 2, 4],
      ['token', 2, 4, 7],
    ]);
  },
);

t.test('order replicas without a state of their own are not compared', async (t) => {
  const report = await takeAudit(lines([0, '', 2, [[8, 3]], []]), leaders, 'token');
  t.equal(report.ok, true);
  t.same(
    report.replicas.map(({ name }) => name),
    ['catalog-1'],
  );
});
