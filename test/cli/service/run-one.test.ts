/** What the command line of a single service means. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { storageLimits } from '../../../src/base/limits.js';
import { oneServiceSpecs } from '../../../src/cli/options/one-service-options.js';
import { readValues } from '../../../src/cli/options/options.js';
import { orderFor } from '../../../src/cli/service/run-one.js';

function options(values: Record<string, unknown>) {
  return readValues(oneServiceSpecs, [{ values, label: (name) => name }]);
}

t.test('a replica gets its own address and those of its peers', async (t) => {
  const dataDir = t.testdir();
  const { kind, config } = orderFor(
    'catalog',
    options({
      id: 'catalog-2',
      listen: '0.0.0.0:7002',
      peers: ['catalog-1=10.0.0.1:7001', 'recovery-1=[::1]:7003'],
      dataDir,
      init: true,
      minCopies: 2,
      restockEvery: 0,
      snapshotEvery: 32,
    }),
  );
  t.equal(kind, 'catalog');
  t.match(config, {
    name: 'catalog-2',
    dataDir,
    init: true,
    repair: false,
    minCopies: 2,
    restockEverySeconds: 0,
    snapshotEveryBytes: 32 * 1024 * 1024,
  });
  t.match(config.cluster.catalogs, [
    { service: { host: '10.0.0.1', port: 7001 } },
    { service: { host: '0.0.0.0', port: 7002 } },
  ]);
  t.match(config.cluster.recovery, [{ peer: { host: '::1', port: 7003 } }]);
  t.ok(existsSync(join(dataDir, 'cluster.token')));
});

t.test('a frontend has a raw and an HTTP address, planned or given', async (t) => {
  const dataDir = t.testdir();
  t.match(orderFor('frontend', options({ id: 'frontend-3', dataDir })).config, {
    raw: { port: 8183 },
    http: { port: 8083 },
  });
  const told = { id: 'frontend-3', dataDir, listen: '0.0.0.0:1', httpListen: '0.0.0.0:2' };
  t.match(orderFor('frontend', options(told)).config, {
    raw: { host: '0.0.0.0', port: 1 },
    http: { host: '0.0.0.0', port: 2 },
  });
});

t.test('a recovery server uses the same snapshot size as the catalogs', async (t) => {
  const dataDir = t.testdir();
  const bytes = (given: object) =>
    orderFor('recovery', options({ id: 'recovery-1', dataDir, ...given })).config;
  t.match(bytes({}), { snapshotEveryBytes: storageLimits.snapshotEveryBytes });
  t.match(bytes({ snapshotEvery: 16 }), { snapshotEveryBytes: storageLimits.segmentBytes });
  t.throws(() => bytes({ snapshotEvery: 15 }), { name: 'UsageError' });
});

t.test('invalid names, peers and addresses are refused', async (t) => {
  const dataDir = t.testdir();
  const wrong: Record<string, unknown>[] = [
    { id: 'order-1' },
    { id: 'catalog' },
    { id: 'catalog-0' },
    { id: 'catalog-1', peers: ['catalog-2'] },
    { id: 'catalog-1', peers: ['catalog-2=here'] },
    { id: 'catalog-1', listen: '7001' },
  ];
  for (const values of wrong) {
    t.throws(
      () => orderFor('catalog', options({ ...values, dataDir })),
      { name: 'UsageError' },
      JSON.stringify(values),
    );
  }
});
