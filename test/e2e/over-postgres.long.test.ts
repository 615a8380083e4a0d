/**
 * The files of tests that `npm test` runs over journals alone, over the SQL engine: each in a process of
 * its own, with one server for all.
 */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { sharedServer } from '../support/postgres-server.js';

const limitMs = 900_000;
/** Longer than any test of these files may take. */
const fileLimitMs = 270_000;
const files = [
  ...[
    'bad-messages',
    'bad-requests',
    'crash',
    'frontends',
    'history',
    'hot-item',
    'leases',
    'one-service',
  ],
  ...['openapi', 'operations', 'rolling-restart.long', 'stop', 'tls', 'without-optimisations'],
];

t.setTimeout(limitMs);
const { url } = await sharedServer();
const env = { ...process.env, BAZAR_TEST_ENGINE: 'postgres', BAZAR_TEST_POSTGRES: url };
for (const name of files) {
  const file = fileURLToPath(new URL(`${name}.test.js`, import.meta.url));
  const options = { env, timeout: fileLimitMs };
  await t.spawn(process.execPath, ['--enable-source-maps', file], options, name);
}
