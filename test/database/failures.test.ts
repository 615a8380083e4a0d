import t from 'tap';
import {
  adviseFailure,
  endsSession,
  type QueryFailure,
  toWriteResult,
} from '../../src/database/failures.js';
import { changedTables } from '../../src/database/migrations.js';
import { checkServer } from '../../src/database/server.js';
import { unsent } from '../../src/database/session.js';

const sent: QueryFailure = {
  sqlState: undefined,
  message: 'failed',
  isSent: true,
  hasRow: false,
  warning: undefined,
};

function kindOf(failure: Partial<QueryFailure>): string {
  return toWriteResult({ ...sent, ...failure }, changedTables).kind;
}

t.test('an error before the commit means that nothing was written', async (t) => {
  const codes = ['40001', '40P01', '55P03', '57014', '53100', '53200', '53300', '25006', '42501'];
  const stops = ['57P01', '57P02', '57P03', '57P04', '57P05'];
  for (const sqlState of [...codes, ...stops])
    t.equal(kindOf({ sqlState }), 'not_written', sqlState);
  t.equal(kindOf({ isSent: false }), 'not_written', 'never sent');
});

t.test('anything that may have committed is unknown', async (t) => {
  t.equal(kindOf({}), 'unknown', 'no answer');
  for (const sqlState of ['08006', '08P01', '40003', 'XX000']) {
    t.equal(kindOf({ sqlState }), 'unknown', sqlState);
  }
  for (const sqlState of ['57P01', '53100', '58030']) {
    t.equal(kindOf({ sqlState, hasRow: true }), 'unknown', `${sqlState} while committing`);
    t.equal(kindOf({ sqlState, warning: 'gave up' }), 'unknown', `${sqlState} after a warning`);
  }
  t.equal(kindOf({ sqlState: '40001', hasRow: true }), 'not_written', 'the commit rolled back');
});

t.test('a violation in a table of the changes refuses them, elsewhere it does not', async (t) => {
  const violation = { sqlState: '23514', table: 'products', constraint: 'c', detail: 'row 7' };
  t.match(toWriteResult({ ...sent, ...violation }, changedTables), {
    kind: 'refused',
    reason: 'table products, constraint c: failed: row 7 (SQLSTATE 23514)',
  });
  t.equal(kindOf({ sqlState: '23505', table: 'log' }), 'not_written');
  t.equal(kindOf({ sqlState: '22021' }), 'refused', 'a text that the database cannot hold');
  t.equal(toWriteResult({ ...sent, sqlState: '22021' }, new Set()).kind, 'not_written');
});

t.test('a session survives refusals and rollbacks only', async (t) => {
  for (const sqlState of ['40001', '55P03', '57014', '23505']) {
    t.notOk(endsSession({ ...sent, sqlState }), sqlState);
  }
  for (const sqlState of [undefined, '25006', '57P01', '26000', '0A000', '53300']) {
    t.ok(endsSession({ ...sent, sqlState }), sqlState ?? 'no answer');
  }
});

t.test('old, standby and read-only servers are refused with what to do', async (t) => {
  const fit = { version: 130_000, isStandby: false, isReadOnly: false };
  t.equal(checkServer(fit, 'read-write'), undefined);
  t.match(checkServer({ ...fit, version: 120_022 }, 'any')?.message, /12 is too old.*13 or later/);
  t.match(checkServer({ ...fit, isStandby: true }, 'primary')?.message, /connect to the primary/);
  t.match(checkServer({ ...fit, isReadOnly: true }, 'read-write')?.message, /is read-only/);
  t.equal(checkServer({ ...fit, isReadOnly: true }, 'primary'), undefined);
});

t.test('a failure that an operator can end says how, in one line', async (t) => {
  for (const [sqlState, message, remedy] of [
    ['28P01', 'password authentication failed', /PGPASSWORD/],
    ['53100', 'could not extend file', /free space/],
    ['53300', 'too many connections', /max_connections/],
    ['3D000', 'database "x" does not exist', /correct its name/],
    [undefined, 'connect ECONNREFUSED 127.0.0.1:1', /nothing listens there/],
    [undefined, 'getaddrinfo ENOTFOUND nowhere', /cannot be resolved/],
    [undefined, 'timeout expired', /check the firewall/],
    [undefined, 'The server does not support SSL connections', /sslmode=disable/],
    [undefined, 'self-signed certificate in certificate chain', /sslrootcert must name/],
    [undefined, "Hostname/IP does not match certificate's altnames: x", /a host name of its/],
    [undefined, 'certificate has expired', /a new certificate/],
  ] as const) {
    t.match(adviseFailure(unsent(message, sqlState)), remedy, message);
  }
  t.equal(
    adviseFailure(unsent('the server is a standby', '25006')),
    'the server is a standby (SQLSTATE 25006)',
  );
});
