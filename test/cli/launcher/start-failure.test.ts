/** What people read about a start that failed. */
import t from 'tap';
import { withoutWarnings } from '../../../src/cli/launcher/start-failure.js';

t.test('the final error does not repeat the reasons that were warnings', async (t) => {
  const log = 'order-2 died (exit code 1)\nlast lines of its log';
  const port = 'order-3 cannot listen on 127.0.0.1:8094';
  const reason = 'the order group has no majority';
  t.equal(withoutWarnings(`${log}\n${port}\n${reason}`, [log]), `${port}\n${reason}`);
  t.equal(withoutWarnings(`${port}\n${reason}`, []), `${port}\n${reason}`);
  t.equal(withoutWarnings(reason, [reason]), reason, 'an error always has a reason');
});
