import t from 'tap';
import { OwnerChannel } from '../../src/pool/owner-channel.js';

t.test('a closed channel rejects pending and new calls', async (t) => {
  let scheduled = 0;
  const line = new OwnerChannel(10, () => scheduled++);
  const pending = line.call('ask', 1);
  line.tell('note', 2);
  t.equal(scheduled, 1);
  line.close();
  await t.rejects(pending, { code: 'unavailable' });
  await t.rejects(line.call('ask', 1), { code: 'unavailable' });
  line.tell('note', 2);
  t.equal(line.gather(), undefined, 'nothing leaves any more');
});

t.test('an answer without a call is a broken invariant', async (t) => {
  const line = new OwnerChannel(10, () => {});
  // [1, nil, nil]
  t.throws(() => line.settle(Buffer.from([0x93, 1, 0xc0, 0xc0])), { name: 'AssertionError' });
});
