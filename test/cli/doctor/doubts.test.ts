/** The doctor names members that are in doubt of their log, and the way out. */
import t from 'tap';
import { checkDoubts } from '../../../src/cli/doctor/doubts.js';
import { planCluster } from '../../../src/cli/launcher/store-plan.js';

const cluster = planCluster({
  ...{ catalogs: 1, orders: 3, recovery: 0, host: '127.0.0.1', portOffset: 0 },
});

function identity(doubt: unknown): { 'identity.json': string } {
  const logs = { order: { journal: { id: 7 }, doubt } };
  return { 'identity.json': JSON.stringify({ id: 'order-1', learner: true, logs, checksum: 'x' }) };
}

t.test('members in doubt are named with their entries and a remedy', async (t) => {
  const dir = t.testdir({
    'order-1': identity({ afterSeq: 7, throughSeq: 9 }),
    'order-2': identity({ afterSeq: 7, throughSeq: 9, accepted: true }),
    'order-3': identity({ afterSeq: 0 }),
  });
  const [finding, ...others] = checkDoubts(dir, cluster);
  t.same(others, []);
  t.equal(finding?.verdict, 'doubt');
  const { detail = '' } = finding ?? {};
  t.match(detail, /order-1 may have held entries 8 through 9;/);
  t.match(detail, /order-2 may have held entries 8 through 9 \(loss accepted\)/);
  t.match(detail, /order-3 may have held any entries after 0/);
  t.match(detail, /--repair.*docs\/OPERATIONS\.md/);
});

t.test('members without a doubt, or on other machines, give no finding', async (t) => {
  const dir = t.testdir({
    'order-1': identity(undefined),
    'order-2': identity('intact'),
    'order-3': { 'identity.json': 'not JSON' },
  });
  t.match(checkDoubts(dir, cluster), [{ verdict: 'ok' }]);
  t.match(checkDoubts(t.testdir(), cluster), [{ verdict: 'ok' }]);
});
