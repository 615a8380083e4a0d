import t from 'tap';
import { copyOfFirst } from '../../src/base/bytes.js';

t.test('a copy has the first bytes and does not change later', (t) => {
  for (const length of [0, 1, 127, 128, 129, 5_000]) {
    const bytes = Buffer.alloc(length + 10, 'of the network');
    const expected = bytes.toString('latin1', 0, length);
    const copy = copyOfFirst(bytes, length);
    bytes.fill(0);
    t.equal(copy.toString('latin1'), expected, `${length} bytes`);
  }
  t.end();
});
