import t from 'tap';
import { seededRandom } from '../../src/base/random.js';
import { ProductEntries } from '../../src/order/product-entries.js';

t.test('the entries of a product are read from any entry on', async (t) => {
  const entries = new ProductEntries();
  const seqs = [3, 4, 200, 70_000, 2 ** 33, 2 ** 33 + 1];
  for (const seq of seqs) entries.add(8, seq);
  entries.add(9, 5);
  t.same([...entries.from(8, 0)], seqs);
  t.same([...entries.from(8, 5)], seqs.slice(2));
  t.same([...entries.from(8, 2 ** 33 + 1)], [2 ** 33 + 1]);
  t.same([...entries.from(8, 2 ** 33 + 2)], []);
  t.same([...entries.from(9, 0)], [5]);
  t.same([...entries.from(10, 0)], []);
  t.throws(() => entries.add(8, 2 ** 33 + 1), /ascend/);
});

t.test('random entries of many products are found as a model has them', async (t) => {
  const { integer: draw } = seededRandom(1);
  const entries = new ProductEntries();
  const model = new Map<number, number[]>();
  let seq = 0;
  for (let step = 0; step < 20_000; step++) {
    seq += 1 + (draw(50) === 0 ? draw(1_000_000) : draw(3));
    const named = new Set([1, 1 + draw(300), 1 + draw(10)]);
    for (const product of named) {
      entries.add(product, seq);
      const list = model.get(product) ?? [];
      list.push(seq);
      model.set(product, list);
    }
  }
  let pairs = 0;
  for (const [product, list] of model) {
    pairs += list.length;
    t.same([...entries.from(product, 0)], list);
    const from = (list[draw(list.length)] ?? 0) + draw(2);
    const rest = list.filter((one) => one >= from);
    t.same([...entries.from(product, from)], rest);
  }
  t.same([...entries.products()].sort(), [...model.keys()].sort());
  t.equal(entries.pairs, pairs);
  t.ok(entries.sizeBytes / pairs < 4, `${entries.sizeBytes / pairs} bytes a pair`);
});

t.test('a read that is under way also finds later entries', async (t) => {
  const entries = new ProductEntries();
  entries.add(1, 1);
  const found: number[] = [];
  for (const seq of entries.from(1, 0)) {
    found.push(seq);
    if (seq < 500) entries.add(1, seq + 1);
  }
  t.equal(found.length, 500);
});
