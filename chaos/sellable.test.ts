/** When a store can sell: the condition of the outage watch. */
import t from 'tap';
import { canSell, canSellOver, type View } from './sellable.js';

const voters = {
  catalog: ['catalog-1', 'catalog-2', 'recovery-1'],
  order: ['order-1', 'order-2', 'order-3'],
};

interface Away {
  readonly down?: readonly string[];
  readonly learners?: readonly string[];
  readonly cuts?: readonly (readonly [string, string])[];
}

function view({ down = [], learners = [], cuts = [] }: Away): View {
  return {
    frontends: ['frontend-1', 'frontend-2'],
    voters,
    isUp: (name) => !down.includes(name),
    hasVote: (name) => !learners.includes(name),
    isOpen: (one, other) =>
      !cuts.some(([a, b]) => (a === one && b === other) || (a === other && b === one)),
  };
}

t.test('a complete store can sell, and one without a member of each group', async (t) => {
  t.ok(canSell(view({})));
  t.ok(canSell(view({ down: ['catalog-1', 'order-2', 'frontend-1'] })));
});

t.test('a group needs a majority with votes that includes a replica', async (t) => {
  t.notOk(canSell(view({ down: ['order-1', 'order-2'] })));
  t.notOk(canSell(view({ down: ['order-1'], learners: ['order-2'] })));
  t.notOk(canSell(view({ down: ['catalog-1', 'catalog-2'] })));
  t.notOk(canSell(view({ down: ['frontend-1', 'frontend-2'] })));
});

t.test('a member that is cut off only from its peers leaves a majority', async (t) => {
  const cuts = [
    ['order-1', 'order-2'],
    ['order-1', 'order-3'],
  ] as const;
  t.ok(canSell(view({ cuts })));
  t.notOk(canSell(view({ cuts, down: ['order-2'] })));
  t.notOk(canSell(view({ cuts: [...cuts, ['order-2', 'order-3']] })));
});

t.test('one frontend must reach a majority of both groups', async (t) => {
  const cuts = [
    ...(['order-1', 'order-2'] as const).map((name) => ['frontend-1', name] as const),
    ...(['catalog-1', 'catalog-2'] as const).map((name) => ['frontend-2', name] as const),
  ];
  t.notOk(canSell(view({ cuts })));
  t.ok(canSell(view({ cuts: cuts.slice(1) })));
});

t.test('the majorities of the two groups must be connected', async (t) => {
  const ofOne = voters.order.map((name) => ['catalog-1', name] as const);
  const ofTwo = voters.order.map((name) => ['catalog-2', name] as const);
  t.ok(canSell(view({ cuts: ofOne })), 'the other catalog and the recovery server are a majority');
  t.notOk(canSell(view({ cuts: [...ofOne, ...ofTwo] })));
});

t.test(
  'over a database one replica of each group is enough, if it reaches the primary',
  async (t) => {
    const sells = (away: Away): boolean => canSellOver(view(away), 'database-1');
    const down = ['catalog-1', 'order-1', 'order-2', 'frontend-1'];
    t.ok(sells({ down }));
    t.ok(sells({ down, cuts: [['catalog-1', 'database-1']] }));
    t.notOk(sells({ down, cuts: [['catalog-2', 'database-1']] }));
    t.notOk(sells({ down, cuts: [['order-3', 'database-1']] }));
    t.notOk(sells({ down, cuts: [['frontend-2', 'order-3']] }));
    t.notOk(sells({ down, cuts: [['catalog-2', 'order-3']] }));
    t.notOk(sells({ down: [...down, 'catalog-2'] }));
  },
);
