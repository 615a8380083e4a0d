/**
 * The metrics of a store as one frontend collects them: answers, lag, and time without a leader.
 */
import t from 'tap';
import type { MetricSample } from '../../src/base/metric-table.js';
import { newCounters } from '../../src/frontend/cache/counters.js';
import type { Health } from '../../src/frontend/detector/elector.js';
import type { ReplicaClient } from '../../src/frontend/replica-client.js';
import { askMembers, cacheSamples, LeadMetrics } from '../../src/frontend/store-metrics.js';

function replica(name: string, own: Partial<ReplicaClient> = {}): ReplicaClient {
  const call = async (): Promise<unknown> => [['bazar_products', [name], 17]];
  return { name, group: 'order', isRecoveryServer: false, connected: true, call, ...own };
}

function health(seq: number, own: Partial<Health> = {}): Health {
  return {
    role: 'follower',
    serving: false,
    epoch: 4,
    logEnd: { epoch: 4, seq },
    ...own,
  } as Health;
}

/** As `name label label` to the value. */
function told(samples: readonly MetricSample[]): Map<string, unknown> {
  return new Map(samples.map(([name, labels, value]) => [[name, ...labels].join(' '), value]));
}

t.test('a member that does not answer is counted as such, and delays no other', async (t) => {
  const metrics = told(
    await askMembers([
      replica('order-1'),
      replica('order-2', { connected: false, call: () => t.fail('is not asked') as never }),
      replica('order-3', { call: () => Promise.reject(new Error('silent')) }),
    ]),
  );
  t.same(
    [...metrics],
    [
      ['bazar_service_answered order-1', 1],
      ['bazar_products order-1', 17],
      ['bazar_service_answered order-2', 0],
      ['bazar_service_answered order-3', 0],
    ],
  );
});

t.test(
  'members lag behind the leader of their group; without a leader there is no lag',
  async (t) => {
    const members = [
      {
        replica: replica('order-1'),
        health: health(100, { role: 'leader', serving: true, epoch: 5 }),
      },
      { replica: replica('order-2'), health: health(97) },
      { replica: replica('order-3'), health: undefined },
      { replica: replica('catalog-1', { group: 'catalog' }), health: health(3) },
    ];
    const leads = new LeadMetrics();
    const metrics = told(leads.samples(members));
    t.equal(metrics.get('bazar_leader_known order'), 1);
    t.equal(metrics.get('bazar_leader_epoch order'), 5);
    t.equal(metrics.get('bazar_member_lag_entries order order-1'), 0);
    t.equal(metrics.get('bazar_member_lag_entries order order-2'), 3);
    t.equal(metrics.get('bazar_member_up order order-3'), 0);
    t.notOk(metrics.has('bazar_member_lag_entries order order-3'));
    t.equal(metrics.get('bazar_leader_known catalog'), 0);
    t.equal(metrics.get('bazar_member_up catalog catalog-1'), 1);
    t.notOk(metrics.has('bazar_member_lag_entries catalog catalog-1'));
  },
);

t.test('each lead is counted, and the times without a leader', async (t) => {
  const leads = new LeadMetrics();
  leads.led('order', 0);
  leads.led('order', 212);
  const metrics = told(leads.samples([]));
  t.equal(metrics.get('bazar_leader_changes_total order'), 2);
  t.equal(metrics.get('bazar_leader_changes_total catalog'), 0);
  const outages = metrics.get('bazar_leader_outage_seconds order') as number[];
  t.equal(outages.at(-1), 0.212);
  t.equal(
    outages.slice(0, -1).reduce((sum, count) => sum + count, 0),
    1,
    'the first is none',
  );
});

t.test('the metrics distinguish the caches', async (t) => {
  const counters = { ...newCounters(), hits: 9, shared_hits: 2, search_misses: 4, refused: 1 };
  const metrics = told(cacheSamples('frontend-1', counters, true));
  t.equal(metrics.get('bazar_cache_hits_total frontend-1 all'), 9);
  t.equal(metrics.get('bazar_cache_hits_total frontend-1 shared'), 2);
  t.equal(metrics.get('bazar_cache_misses_total frontend-1 search'), 4);
  t.equal(metrics.get('bazar_cache_refused_total frontend-1'), 1);
  t.equal(metrics.get('bazar_cache_lease_held frontend-1'), 1);
});
