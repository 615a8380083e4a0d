/** The plan of a store: names, ports and order as the interfaces say. */
import { resolve } from 'node:path';
import t from 'tap';
import { planCluster, planStore } from '../../../src/cli/launcher/store-plan.js';
import { readValues } from '../../../src/cli/options/options.js';
import { upSpecs } from '../../../src/cli/options/store-options.js';

const secrets = { adminToken: 'admin', clusterToken: 'cluster' };

function options(values: Record<string, unknown>) {
  const read = readValues(upSpecs, [{ values, label: (name) => name }]);
  return { ...read, logDir: read.logDir ?? 'logs' };
}

t.test('by default two catalogs, three orders, one recovery server and one frontend', async (t) => {
  const orders = planStore(options({ workers: 4 }), secrets);
  t.same(
    orders.map(({ kind, config }) => [kind, config.name]),
    [
      ['catalog', 'catalog-1'],
      ['catalog', 'catalog-2'],
      ['order', 'order-1'],
      ['order', 'order-2'],
      ['order', 'order-3'],
      ['recovery', 'recovery-1'],
      ['frontend', 'frontend-1'],
    ],
  );
  for (const { config } of orders) {
    t.match(config, { workers: 4, dataDir: resolve('data'), clusterToken: 'cluster', init: false });
  }
  t.match(orders[0]?.config, { restockEverySeconds: 10, restockTo: 100 });
});

t.test('the ports are the documented ones plus the offset', async (t) => {
  const host = '127.0.0.1';
  const orders = planStore(options({ portOffset: 1_000, frontends: 2 }), secrets);
  const cluster = orders[0]?.config.cluster;
  t.same(cluster?.catalogs[1], {
    name: 'catalog-2',
    service: { host, port: 10_002 },
    peer: { host, port: 10_502 },
  });
  t.same(cluster?.orders[2], {
    name: 'order-3',
    service: { host, port: 9_093 },
    peer: { host, port: 9_593 },
  });
  t.match(cluster?.recovery[0], { name: 'recovery-1', peer: { host, port: 10_601 } });
  t.match(orders.at(-1)?.config, {
    name: 'frontend-2',
    http: { host, port: 9_082 },
    raw: { host, port: 9_182 },
    adminToken: 'admin',
    openAdmin: false,
    rateLimit: 0,
    drainDelayMs: 250,
    demo: false,
    allowedHosts: [],
    corsOrigins: [],
    ordersStatus: 200,
  });
});

t.test('the addresses of peers on other machines replace the planned ones', async (t) => {
  const peers = new Map([
    ['catalog-2', { host: '10.0.0.2', port: 7_000 }],
    ['recovery-1', { host: '10.0.0.3', port: 7_001 }],
  ]);
  const cluster = planCluster(options({}), peers);
  t.match(cluster.catalogs[1], {
    service: { host: '10.0.0.2', port: 7_000 },
    peer: { host: '10.0.0.2', port: 7_500 },
  });
  t.match(cluster.recovery[0], { peer: { host: '10.0.0.3', port: 7_001 } });
  t.match(cluster.catalogs[0], { service: { host: '127.0.0.1', port: 9_001 } });
});

t.test('more members than there are ports for are refused', async (t) => {
  t.throws(() => options({ frontends: 11 }), /from 1 to 10/);
  t.throws(() => options({ catalogs: 0 }), /from 1 to 9/);
});
