/** Crashes of single services and of the whole store; crash.long.test.ts has more of them. */
import t from 'tap';
import { crashes } from './crashes.js';

t.test('nothing that was answered is lost, however the store dies', (t) =>
  crashes(t, 3015, [['order-1'], ['catalog-1', 'frontend-1'], 'all']),
);
