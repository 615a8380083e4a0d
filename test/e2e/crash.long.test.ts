/** More crashes than in crash.test.ts, each on top of those before. */
import t from 'tap';
import { crashes } from './crashes.js';

/** A service is killed once in a launcher's life: the second time it waits longer to start it. */
t.test('nothing that was answered is lost, however the store dies', (t) =>
  crashes(t, 3660, [
    ['order-1'],
    ['catalog-1', 'frontend-1'],
    'all',
    ['order-1', 'catalog-1'],
    'all',
  ]),
);
