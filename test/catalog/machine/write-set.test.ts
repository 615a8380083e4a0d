import t from 'tap';
import { type WriteSet, withUndecided } from '../../../src/catalog/machine/write-set.js';
import { product, toyLog } from '../log-builder.js';

const none: WriteSet = { ids: [], changedNames: [], stableNames: [], topics: [] };
const undecided: WriteSet = { ids: [7], changedNames: ['Bear'], stableNames: [], topics: ['sea'] };

t.test(
  'the write set has the lower-case topic and the topic that the product leaves',
  async (t) => {
    const { machine } = toyLog();
    const { topics } = machine.writeSet(['update', 1, { topic: 'Sea Life' }]);
    t.same([...topics].sort(), ['', 'sea life', 'toys']);
    t.same(machine.writeSet(['update', 1, { priceCents: 5 }]).topics, [], 'a price is in no list');
  },
);

t.test(
  'a restock includes products that an undecided entry may put below their target',
  async (t) => {
    const { machine } = toyLog();
    const writeSet = machine.writeSet(['restock', 1, 100]);
    const all = withUndecided(['restock', 1, 100], writeSet, () => undecided);
    t.same(all, { ...none, ids: [2, 7], stableNames: ['Bear'] });
  },
);

t.test(
  'the write set has the topic to which an undecided entry may move the product',
  async (t) => {
    const { machine } = toyLog();
    const command = ['update', 1, { topic: 'books' }] as const;
    const { ids, topics } = withUndecided(command, machine.writeSet(command), () => undecided);
    t.same(ids, [1]);
    t.same([...topics].sort(), ['', 'books', 'sea', 'toys']);
  },
);

t.test('undecided entries do not enlarge a write set without lists', async (t) => {
  const { machine } = toyLog();
  const command = ['update', 1, { add: 1 }] as const;
  t.same(withUndecided(command, machine.writeSet(command), () => undecided).topics, []);
  const adding = ['add', product('Bear')] as const;
  t.ok(withUndecided(adding, machine.writeSet(adding), () => undecided).topics.includes('sea'));
});
