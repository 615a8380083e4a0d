/** Over the SQL engine: the tests of faults, starts and stops, which `npm test` runs over journals alone. */
import t from 'tap';
import { runOverPostgres } from './run-over-postgres.js';

await runOverPostgres(t, [
  ...[
    'crash.long',
    'failover.long',
    'frontends.long',
    'history.long',
    'leases.long',
    'one-service.long',
  ],
  ...['refusals.long', 'rolling-restart.long', 'stop'],
]);
