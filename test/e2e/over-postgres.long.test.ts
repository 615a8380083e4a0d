/**
 * Over the SQL engine: what customers and operators see of a store, which `npm test` runs over journals
 * alone. over-postgres.test.ts is the short form, over-postgres-faults.long.test.ts has the rest.
 */
import t from 'tap';
import { runOverPostgres } from './run-over-postgres.js';

await runOverPostgres(t, [
  ...[
    'bad-messages.long',
    'bad-requests',
    'caches',
    'commands',
    'commands.long',
    'hot-item',
    'keys',
    'openapi',
  ],
  ...['operations', 'purchase', 'tls.long', 'without-optimisations.long', '../web/page'],
]);
