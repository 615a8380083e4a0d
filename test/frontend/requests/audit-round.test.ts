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

t.test('order replicas without a state of their own are not compared', async (t) => {
  const report = await takeAudit(lines([0, '', 2, [[8, 3]], []]), leaders, 'token');
  t.equal(report.ok, true);
  t.same(
    report.replicas.map(({ name }) => name),
    ['catalog-1'],
  );
});
