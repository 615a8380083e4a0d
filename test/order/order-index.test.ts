import t from 'tap';
import { OrderIndex } from '../../src/order/order-index.js';

t.test('a million orders, each in its own entry, need a few megabytes', async (t) => {
  const index = new OrderIndex();
  for (let n = 1; n <= 1_000_000; n++) index.add({ seq: 2 * n, count: 1, skipped: 0 });
  t.ok(index.sizeBytes < 5_000_000, `${index.sizeBytes} bytes`);
  t.equal(index.last, 1_000_000);
  for (const number of [1, 32, 33, 499_999, 1_000_000]) {
    t.same(index.locate(number), { seq: 2 * number, offset: 0 });
  }
});

t.test('numbers, seqs and counts may be any safe integers', async (t) => {
  const index = new OrderIndex();
  const far = 2 ** 52;
  index.add({ seq: far, count: far, skipped: 5 });
  index.add({ seq: far + 200, count: 300, skipped: 0 });
  t.same(index.locate(far), { seq: far, offset: far + 4 });
  t.same(index.locate(far + 129), { seq: far + 200, offset: 128 });
  t.equal(index.locate(far + 301), undefined);
  t.same(
    [...index.runs()],
    [
      { seq: far, count: far, skipped: 5 },
      { seq: far + 200, count: 300, skipped: 0 },
    ],
  );
});

t.test('runs are in log order and never empty', async (t) => {
  const index = new OrderIndex();
  index.add({ seq: 5, count: 1, skipped: 0 });
  t.throws(() => index.add({ seq: 5, count: 1, skipped: 0 }), /runs follow the log/);
  t.throws(() => index.add({ seq: 6, count: 0, skipped: 0 }), /runs follow the log/);
});
