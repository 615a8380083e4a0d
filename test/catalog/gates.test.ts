import t from 'tap';
import { type CacheHolder, Gates, type Touches } from '../../src/catalog/gates.js';

interface FakeHolder extends CacheHolder {
  readonly told: { seq: number; touches: Touches }[];
  acknowledge(): void;
}

function holder(name: string): FakeHolder {
  const pending: (() => void)[] = [];
  const told: { seq: number; touches: Touches }[] = [];
  return {
    name,
    told,
    invalidate(seq, touches, acknowledged) {
      told.push({ seq, touches });
      pending.push(acknowledged);
    },
    acknowledge: () => pending.shift()?.(),
  };
}

/** Gates at which every test's items are thought to be cached as soon as there is a cache. */
function build(): { gates: Gates; opened: number[]; join(one: CacheHolder): void } {
  const opened: number[] = [];
  const gates = new Gates({ open: (seq) => opened.push(seq) });
  return {
    gates,
    opened,
    join(one) {
      gates.join(one);
      gates.lend(8, 'Tux');
    },
  };
}

const tux: Touches = { ids: [8], names: [], topics: [] };
const none: Touches = { ids: [], names: [], topics: [] };

t.test('with no frontend connected a gate opens at once', async (t) => {
  const { gates, opened } = build();
  gates.appended(1, tux);
  t.same(opened, [1]);
});

t.test('a gate waits for the slowest of the frontends', async (t) => {
  const { gates, opened, join } = build();
  const [one, two] = [holder('frontend-1'), holder('frontend-2')];
  join(one);
  join(two);
  gates.appended(1, tux);
  t.same(one.told, [{ seq: 1, touches: tux }]);
  one.acknowledge();
  t.same(opened, []);
  two.acknowledge();
  t.same(opened, [1]);
  gates.invariants();
});

t.test('an entry that touches nothing still waits for the entries before it', async (t) => {
  const { gates, opened, join } = build();
  const one = holder('frontend-1');
  join(one);
  gates.appended(1, tux);
  gates.appended(2, none);
  t.same(opened, []);
  t.equal(one.told.length, 1, 'nothing is sent for it');
  one.acknowledge();
  t.same(opened, [2]);
});

t.test('acknowledgements of a pipeline open gate after gate', async (t) => {
  const { gates, opened, join } = build();
  const one = holder('frontend-1');
  join(one);
  gates.appended(1, tux);
  gates.appended(2, none);
  gates.lend(8, 'Tux');
  gates.appended(3, tux);
  one.acknowledge();
  t.same(opened, [2]);
  gates.applied(1);
  one.acknowledge();
  t.same(opened, [2, 3]);
});

t.test('a frontend that leaves holds nothing up', async (t) => {
  const { gates, opened, join } = build();
  const one = holder('frontend-1');
  join(one);
  gates.appended(1, tux);
  gates.leave(one);
  t.same(opened, [1]);
  gates.appended(2, tux);
  t.same(opened, [1, 2]);
  t.equal(one.told.length, 1);
});

t.test('a frontend that joins has no part in the entries before', async (t) => {
  const { gates, opened, join } = build();
  const [one, late] = [holder('frontend-1'), holder('frontend-2')];
  join(one);
  gates.appended(1, tux);
  join(late);
  t.same(late.told, []);
  one.acknowledge();
  t.same(opened, [1]);
});

t.test('an item is not cacheable until every entry that touches it is applied', async (t) => {
  const { gates } = build();
  gates.appended(1, tux);
  gates.appended(2, { ids: [8], names: ['Whale'], topics: [] });
  gates.applied(1);
  t.equal(gates.isCacheable(8, undefined), false);
  t.equal(gates.isCacheable(9, 'Whale'), false);
  t.equal(gates.isCacheable(9, 'Tux'), true);
  gates.applied(2);
  t.equal(gates.isCacheable(8, undefined), true);
  t.equal(gates.isCacheable(9, 'Whale'), true);
});

t.test('a new leader opens the gates of the log that it took over', async (t) => {
  const { gates, opened, join } = build();
  const one = holder('frontend-1');
  join(one);
  gates.appended(1, tux);
  gates.lead(7);
  t.same(opened, [7]);
  t.equal(gates.holders, 0, 'sessions begin anew with it');
  t.equal(gates.isCacheable(8, undefined), true);
});

t.test(
  'what is pending is told, for an entry that may touch whatever those before it touch',
  async (t) => {
    const { gates } = build();
    gates.appended(1, tux);
    gates.appended(2, { ids: [9], names: ['Whale'], topics: [] });
    gates.applied(1);
    t.same(gates.pending(), { ids: [9], names: ['Whale'], topics: [] });
  },
);

t.test(
  'an item that no frontend was given since its last invalidation costs no message',
  async (t) => {
    const { gates, opened, join } = build();
    const one = holder('frontend-1');
    join(one);
    gates.appended(1, tux);
    gates.appended(2, tux);
    t.equal(one.told.length, 1);
    t.same(opened, [], 'and waits for the message that is under way');
    one.acknowledge();
    t.same(opened, [2]);
    gates.appended(3, tux);
    t.same(opened, [2, 3]);
    gates.lend(8, 'Tux');
    gates.appended(4, tux);
    t.equal(one.told.length, 2);
    t.same(opened, [2, 3], 'until it is answered as cacheable again');
  },
);
