/** TLS to the database, as with libpq: what each mode accepts, and one line if it refuses. */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { queryAt, startTlsServer } from '../../support/postgres-server.js';
import { run } from './database.js';

const file = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/net/certificates/${name}`, import.meta.url));
const [right, wrong] = [file('ca.pem'), file('stranger.pem')];
const remedy = /sslrootcert must name the authority/;
const server = await startTlsServer({ cert: file('store.pem'), key: file('store.key') });
t.teardown(() => server.stop());

/** The flags with these parameters of the URL. */
function flagsOf(params: Readonly<Record<string, string>>, host = '127.0.0.1'): string[] {
  const url = new URL(server.url);
  url.hostname = host;
  url.search = `${new URLSearchParams(params)}`;
  return ['--store', url.href];
}

t.test('every mode that fits founds and checks a store', async (t) => {
  for (const [params, schema] of [
    [{ sslmode: 'require' }, 'plain_require'],
    [{ sslmode: 'require', sslrootcert: right }, 'checked_require'],
    [{ sslmode: 'verify-ca', sslrootcert: right }, 'verify_ca'],
    [{ sslmode: 'verify-full', sslrootcert: right }, 'verify_full'],
    [{ sslmode: 'prefer' }, 'prefer'],
  ] as const) {
    const flags = [...flagsOf(params), '--store-schema', schema];
    t.match(await run('store', 'init', ...flags, '--json'), { code: 0, stderr: '' }, schema);
    t.match(await run('store', 'check', ...flags), { code: 0, stdout: /writes +ok/ }, schema);
  }
});

t.test('the session is encrypted', async (t) => {
  const named = { sslmode: 'verify-full', sslrootcert: right, application_name: 'encrypted' };
  await queryAt(server.url, 'CREATE TABLE seen (ssl boolean)');
  await queryAt(
    server.url,
    `CREATE FUNCTION look() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO public.seen SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid(); END $$`,
  );
  await queryAt(
    server.url,
    'CREATE EVENT TRIGGER look ON ddl_command_start EXECUTE FUNCTION public.look()',
  );
  t.match(await run('store', 'init', ...flagsOf(named), '--store-schema', 'seen'), { code: 0 });
  await queryAt(server.url, 'DROP EVENT TRIGGER look');
  const rows = await queryAt(server.url, 'SELECT DISTINCT ssl FROM seen');
  t.same(rows, [{ ssl: true }]);
});

t.test('a server that cannot be trusted is refused in one line', async (t) => {
  for (const [flags, line] of [
    [flagsOf({ sslmode: 'verify-full', sslrootcert: wrong }), remedy],
    [flagsOf({ sslmode: 'verify-full' }), remedy],
    [flagsOf({ sslmode: 'verify-ca', sslrootcert: wrong }), remedy],
    [flagsOf({ sslmode: 'require', sslrootcert: wrong }), remedy],
    // The certificate names localhost and 127.0.0.1 only.
    [flagsOf({ sslmode: 'verify-full', sslrootcert: right }, '127.1'), /a host name of its cert/],
    [flagsOf({ sslmode: 'verify-full', sslrootcert: '/nowhere.pem' }), /cannot read a TLS file/],
  ] as const) {
    const place = ['--data-dir', t.testdir(), '--port-offset', '4690'];
    for (const args of [
      ['store', 'init'],
      ['up', ...place],
    ]) {
      const { code, stdout, stderr } = await run(...args, ...flags, '--store-schema', 'refused');
      t.same([code, stdout], [5, ''], stderr);
      t.match(stderr, line);
      t.match(stderr, /^cannot use postgres:[^\n]+\n$/, 'one line');
    }
    const { code, stdout } = await run('doctor', ...flags, ...place);
    t.equal(code, 1);
    t.match(stdout, /database +problem +cannot use postgres:/);
  }
});
