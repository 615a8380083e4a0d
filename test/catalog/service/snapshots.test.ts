import t from 'tap';
import { dueSnapshot } from '../../../src/catalog/service/snapshots.js';

t.test('a snapshot runs slowly unless the journal outgrows it', async (t) => {
  t.equal(dueSnapshot(3, 4), undefined);
  t.same(dueSnapshot(4, 4), { isHurried: false });
  t.same(dueSnapshot(7, 4), { isHurried: false });
  t.same(dueSnapshot(8, 4), { isHurried: true });
});
