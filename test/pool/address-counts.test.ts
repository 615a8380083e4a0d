import t from 'tap';
import { AddressCounts } from '../../src/pool/address-counts.js';

t.test('an address has a maximum of sessions, and others have their own', async (t) => {
  const counts = new AddressCounts(2);
  t.ok(counts.add('10.0.0.1:1'));
  t.ok(counts.add('10.0.0.1:2'));
  t.notOk(counts.add('10.0.0.1:3'));
  t.ok(counts.add('10.0.0.2:1'));
  counts.remove('10.0.0.1:1');
  t.ok(counts.add('10.0.0.1:4'));
});
