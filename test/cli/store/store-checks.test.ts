/** What the figures of a server mean for a store. */
import t from 'tap';
import {
  describeClock,
  describeConnections,
  describeDurability,
} from '../../../src/cli/store/store-checks.js';

t.test('a clock far off is a doubt, and days off a problem', async (t) => {
  t.match(describeClock(900, 5), { verdict: 'ok' });
  t.match(describeClock(-1_004, 5), { verdict: 'ok' }, 'within the error of the measurement');
  t.match(describeClock(-5_000, 5), { verdict: 'doubt', detail: /5\.0 s behind.*NTP/ });
  t.match(describeClock(86_400_000, 5), { verdict: 'problem', detail: /ahead of/ });
});

t.test('a failover that can lose orders is a doubt, a missing standby a problem', async (t) => {
  const safe = { standbyNames: '*', fsync: 'on', fullPageWrites: 'on', standbys: 1 };
  t.match(describeDurability(safe), [{ verdict: 'ok' }]);
  t.match(describeDurability({ ...safe, standbyNames: '' }), [
    { verdict: 'doubt', detail: /a failover can lose acknowledged orders/ },
  ]);
  t.match(describeDurability({ ...safe, standbys: 0 }), [
    { verdict: 'problem', detail: /every write waits/ },
  ]);
  t.match(describeDurability({ ...safe, fsync: 'off' }), [
    { verdict: 'doubt', detail: /^fsync is off/ },
  ]);
});

t.test('too few connections are a doubt', async (t) => {
  const server = { most: 97, roleMost: -1, others: 60 };
  t.match(describeConnections(server, 17), { verdict: 'ok' });
  t.match(describeConnections(server, 38), { verdict: 'doubt', detail: /raise max_connections/ });
  t.match(describeConnections({ ...server, roleMost: 10 }, 17), {
    verdict: 'doubt',
    detail: /this role may have 10/,
  });
});
