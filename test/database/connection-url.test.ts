import { inspect } from 'node:util';
import t from 'tap';
import {
  describeDatabase,
  parseDatabaseUrl,
  withoutPasswords,
} from '../../src/database/connection-url.js';

t.test('a URL names hosts, account, database and parameters', async (t) => {
  const url =
    'postgres://shop:p%40ss:w@one:5433,[::1]:5434,two/store?sslmode=verify-full&sslrootcert=/ca.pem' +
    '&target_session_attrs=primary&options=-c%20work_mem%3D8MB&application_name=shop&connect_timeout=3';
  const { password, ...settings } = parseDatabaseUrl(url, { PGPORT: '6000', PGUSER: 'other' });
  t.same(settings, {
    hosts: [
      { host: 'one', port: 5433 },
      { host: '::1', port: 5434 },
      { host: 'two', port: 6000 },
    ],
    user: 'shop',
    database: 'store',
    target: 'primary',
    tls: { mode: 'verify-full', rootFile: '/ca.pem', certFile: undefined, keyFile: undefined },
    options: '-c work_mem=8MB',
    applicationName: 'shop',
    connectTimeoutMs: 3_000,
  });
  t.equal(password(), 'p@ss:w');
});

t.test('PG* variables stand in for what the URL does not say', async (t) => {
  const env = {
    PGHOST: 'one,two',
    PGPORT: '1,2',
    PGUSER: 'shop',
    PGPASSWORD: 'secret',
    PGDATABASE: 'store',
    PGSSLMODE: 'disable',
    PGSSLROOTCERT: '',
  };
  const settings = parseDatabaseUrl('postgres://', env);
  t.match(settings, { user: 'shop', database: 'store', target: 'read-write' });
  t.same(settings.hosts, [
    { host: 'one', port: 1 },
    { host: 'two', port: 2 },
  ]);
  t.equal(settings.tls.mode, 'disable');
  t.equal(settings.password(), 'secret');
  t.equal(parseDatabaseUrl('postgresql://u@h', {}).database, 'u', 'the default is the user');
  const socket = parseDatabaseUrl('postgres://u@/db?host=/var/run/postgresql', {});
  t.same(socket.hosts, [{ host: '/var/run/postgresql', port: 5432 }]);
});

t.test('no text of the settings shows the password', async (t) => {
  const settings = parseDatabaseUrl('postgres://u:secret@h/db?options=-c%20a%3Dsecret', {});
  t.equal(describeDatabase(settings), 'postgres://u@h:5432/db');
  const { options, ...rest } = settings;
  t.ok(options);
  t.notMatch(JSON.stringify(rest) + inspect(rest, { depth: null }), /secret/);
});

t.test('a wrong URL is refused in one line, without its password', async (t) => {
  const wrong = [
    ['mysql://u:secret@h/db', /must be postgres:/],
    ['postgres://h/db', /names no user/],
    ['postgres://u:secret@h:0/db', /wrong port 0/],
    ['postgres://u:secret@h:x/db', /wrong host/],
    ['postgres://u:secret@h/db?sslmode=maybe', /sslmode to be one of disable, prefer/],
    ['postgres://u:secret@h/db?target_session_attrs=standby', /one of any, read-write/],
    ['postgres://u:secret@h/db?sslmod=require', /unknown parameter "sslmod"/],
    ['postgres://u:secret%@h/db', /percent encoding/],
    ['postgres://u:s/secret@h/db', /encode special characters/],
    ['postgres://u:1/secret@h/db', /encode special characters/],
    ['postgres://u:1?secret@h/db', /encode special characters/],
    [`postgres://u:secret@${'h,'.repeat(16)}h/db`, /more than 16 hosts/],
  ] as const;
  for (const [url, message] of wrong) {
    t.throws(() => parseDatabaseUrl(url, {}), { code: 'invalid_argument', message });
    t.throws(() => parseDatabaseUrl(url, {}), { message: /^(?!.*secret)/ });
  }
});

t.test('the passwords of URLs in a text are removed, also of malformed URLs', async (t) => {
  for (const [text, shown] of [
    [
      'up --store postgres://u:secret@h:1/db?sslmode=require -x',
      'up --store postgres://u@h:1/db?sslmode=require -x',
    ],
    ['postgresql://u:sec/r@et?@h/db', 'postgresql://u@h/db'],
    ['postgres://u@h/db?password=secret&sslmode=disable', 'postgres://u@h/db?sslmode=disable'],
    ['postgres://u@h:5432,i/db', 'postgres://u@h:5432,i/db'],
    ['a:b@c', 'a:b@c'],
  ] as const) {
    t.equal(withoutPasswords(text), shown);
  }
});
