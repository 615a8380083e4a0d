import t from 'tap';
import { limitLimits } from '../../../src/base/limits.js';
import { LimitUses, type PurchaseLimit } from '../../../src/catalog/machine/limit-uses.js';
import { updateProduct } from '../../../src/catalog/machine/product-rules.js';
import { Products } from '../../../src/catalog/machine/products.js';
import type { LimitFields } from '../../../src/wire/internal.js';
import { digest, product } from '../log-builder.js';

const [ada, bob] = [digest('ada'), digest('bob')];
const three: PurchaseLimit = { quantity: 3, windowMs: null };
const perMinute: PurchaseLimit = { quantity: 3, windowMs: 60_000 };

function take(
  uses: LimitUses,
  limit: PurchaseLimit,
  [source, quantity, time, since = 0]: readonly [
    source: number,
    quantity: number,
    time: number,
    since?: number,
  ],
  customer = ada,
): void {
  uses.take(1, limit, { customer, source, time, since, quantity });
}

t.test('a limit without a window counts for ever, for each customer alone', async (t) => {
  const uses = new LimitUses();
  take(uses, three, [1, 2, 0]);
  take(uses, three, [2, 1, 5_000]);
  t.equal(uses.size, 1, 'one use a customer');
  t.same(uses.refusal(1, three, ada, 1, 9e9), { remaining: 0, retryAfterMs: null });
  t.equal(uses.refusal(1, three, bob, 3, 9e9), undefined);
  t.same(uses.refusal(1, three, bob, 4, 9e9), { remaining: 3, retryAfterMs: null });
  t.equal(uses.refusal(2, three, ada, 3, 9e9), undefined, 'of each product alone');
  uses.invariants();
});

t.test('with a window each use ends by itself, and a refusal says how long to wait', async (t) => {
  const uses = new LimitUses();
  take(uses, perMinute, [1, 2, 1_000]);
  take(uses, perMinute, [-7, 1, 31_500]);
  t.same(uses.refusal(1, perMinute, ada, 1, 40_000), { remaining: 0, retryAfterMs: 21_000 });
  t.same(uses.refusal(1, perMinute, ada, 3, 40_000), { remaining: 0, retryAfterMs: 52_000 });
  t.same(uses.refusal(1, perMinute, ada, 4, 40_000), { remaining: 0, retryAfterMs: null });
  t.same(uses.refusal(1, perMinute, ada, 3, 60_999), { remaining: 0, retryAfterMs: 31_000 });
  t.equal(uses.refusal(1, perMinute, ada, 2, 61_000), undefined);
  t.equal(uses.size, 1);
  uses.invariants();
});

t.test('a limit that changes after all its windows are over starts from nothing', async (t) => {
  for (const after of [null, three]) {
    const uses = new LimitUses();
    take(uses, perMinute, [1, 2, 0]);
    take(uses, perMinute, [2, 1, 1_000], bob);
    uses.limitChanged(1, perMinute, after, 61_000);
    t.equal(uses.size, 0);
    uses.invariants();
    take(uses, three, [3, 3, 61_000]);
    t.same(uses.refusal(1, three, ada, 1, 61_000), { remaining: 0, retryAfterMs: null });
    t.equal(uses.size, 1);
    uses.invariants();
  }
});

t.test('units that come back are those of their purchase or hold', async (t) => {
  const uses = new LimitUses();
  take(uses, perMinute, [-1, 2, 0]);
  take(uses, perMinute, [5, 1, 0]);
  uses.rename(1, ada, -1, 6, 0);
  uses.giveBack(1, ada, -1, 2);
  t.same(uses.refusal(1, perMinute, ada, 1, 0)?.remaining, 0, 'the hold is an order by now');
  uses.giveBack(1, ada, 6, 1);
  t.equal(uses.refusal(1, perMinute, ada, 1, 0), undefined);
  uses.giveBack(1, ada, 6, 9);
  uses.giveBack(1, bob, 5, 1);
  t.equal(uses.size, 1, 'never below zero');
  uses.invariants();
});

t.test('without a window, only counted units come back', async (t) => {
  const uses = new LimitUses();
  take(uses, three, [1, 3, 5_000]);
  uses.giveBack(1, ada, -1, 2, 4_999);
  t.ok(uses.refusal(1, three, ada, 1, 6_000), 'the hold is older than the limit');
  uses.giveBack(1, ada, -2, 2, 5_000);
  t.equal(uses.refusal(1, three, ada, 2, 6_000), undefined);
  uses.invariants();
});

t.test(
  'a limit that gets a window counts from then on; one that loses it, what is left',
  async (t) => {
    const uses = new LimitUses();
    take(uses, three, [1, 2, 0]);
    uses.limitChanged(1, three, perMinute, 100_000);
    t.same(uses.refusal(1, perMinute, ada, 2, 159_999), { remaining: 1, retryAfterMs: 1_000 });
    t.equal(uses.refusal(1, perMinute, ada, 2, 160_000), undefined);
    take(uses, perMinute, [-3, 2, 170_000]);
    take(uses, perMinute, [4, 1, 180_000]);
    uses.limitChanged(1, perMinute, three, 200_000);
    t.equal(uses.size, 1);
    t.same(uses.refusal(1, three, ada, 1, 9e9), { remaining: 0, retryAfterMs: null });
    uses.giveBack(1, ada, -3, 2, 169_999);
    t.ok(uses.refusal(1, three, ada, 1, 9e9), 'what had ended does not come back');
    uses.giveBack(1, ada, -3, 2, 170_000);
    t.equal(uses.refusal(1, three, ada, 2, 9e9), undefined);
    uses.invariants();
  },
);

t.test('a removed limit forgets all', async (t) => {
  const uses = new LimitUses();
  take(uses, perMinute, [1, 2, 0]);
  take(uses, perMinute, [2, 1, 0], bob);
  uses.limitChanged(1, perMinute, null, 1);
  t.equal(uses.size, 0);
  t.equal(uses.refusal(1, perMinute, ada, 3, 1), undefined);
  t.equal(uses.sum, new LimitUses().sum);
});

t.test('uses that come back leave no trace, however many', async (t) => {
  const uses = new LimitUses();
  take(uses, perMinute, [1, 1, 0]);
  for (let serial = 1; serial <= 10_000; serial++) {
    take(uses, perMinute, [-serial, 2, serial]);
    uses.giveBack(1, ada, -serial, 2, serial);
  }
  t.equal(uses.size, 1);
  take(uses, perMinute, [2, 2, 20_000]);
  t.same(uses.refusal(1, perMinute, ada, 2, 59_999), { remaining: 0, retryAfterMs: 21_000 });
  t.equal(uses.refusal(1, perMinute, ada, 1, 60_000), undefined);
  uses.invariants();
});

t.test('a copy has the same sum and the same answers', async (t) => {
  const [uses, copy] = [new LimitUses(), new LimitUses()];
  take(uses, perMinute, [1, 1, 0]);
  take(uses, perMinute, [-2, 1, 1_000]);
  take(uses, perMinute, [3, 1, 1_500], bob);
  uses.take(2, three, { customer: bob, source: 3, time: 1_500, since: 0, quantity: 2 });
  uses.giveBack(1, ada, 1, 1);
  // Restored in another order.
  for (const use of [...uses.all()].reverse()) copy.load(use);
  copy.sortLoaded();
  t.equal(copy.sum, uses.sum);
  t.equal(copy.size, uses.size);
  for (const table of [uses, copy]) {
    t.same(table.refusal(1, perMinute, ada, 3, 2_000), { remaining: 2, retryAfterMs: 59_000 });
    t.same(table.refusal(2, three, bob, 2, 2_000), { remaining: 1, retryAfterMs: null });
    take(table, perMinute, [4, 1, 2_000]);
    t.same(table.refusal(1, perMinute, ada, 2, 3_000), { remaining: 1, retryAfterMs: 58_000 });
    t.equal(table.refusal(1, perMinute, ada, 2, 61_000), undefined, 'the oldest is over');
    table.invariants();
  }
});

t.test('a full table ends old uses, at most once a second, before it refuses', async (t) => {
  const uses = new LimitUses();
  const limitOf = (): PurchaseLimit => perMinute;
  t.notOk(uses.isFull(limitLimits.usesMax, limitOf, 0));
  take(uses, perMinute, [1, 1, 0]);
  t.ok(uses.isFull(limitLimits.usesMax, limitOf, 30_000));
  t.equal(uses.cleanedAt, 30_000);
  t.ok(uses.isFull(limitLimits.usesMax, limitOf, 30_999));
  t.equal(uses.cleanedAt, 30_000);
  t.notOk(uses.isFull(limitLimits.usesMax, limitOf, 60_000), 'the use is over');
  t.equal(uses.size, 0);
});

t.test('only a first purchase adds a use where there is no window', async (t) => {
  const uses = new LimitUses();
  t.ok(uses.addsUse(1, three, ada));
  take(uses, three, [1, 1, 0]);
  t.notOk(uses.addsUse(1, three, ada));
  t.ok(uses.addsUse(1, three, bob));
  t.ok(uses.addsUse(1, perMinute, ada));
});

t.test('a limit that counts very many purchases keeps its kind until it is removed', async (t) => {
  const products = new Products();
  products.adopt(3);
  products.add(product('Tux', { id: 1, limit: [3, 60] }), 1);
  const change = (limit: LimitFields | null) =>
    updateProduct(products, 1, { limit }, { seq: 2, time: 1 });
  for (let number = 1; number <= limitLimits.convertedUsesMax; number++) {
    take(products.uses, perMinute, [number, 1, 1], Buffer.alloc(16, `${number}`));
  }
  t.match(change([3, null]), { kind: 'stored' }, 'they are merged');
  t.match(change([3, 60]), { kind: 'stored' });
  for (let number = 1; number <= limitLimits.convertedUsesMax; number++) {
    take(products.uses, perMinute, [number, 1, 1], Buffer.alloc(16, `${number}`));
  }
  take(products.uses, perMinute, [-1, 1, 1]);
  t.match(change([3, null]), { kind: 'refused', code: 'conflict', message: /remove it first/ });
  t.match(change([4, 90]), { kind: 'stored' }, 'another window changes no use');
  t.match(change(null), { kind: 'stored' });
  t.equal(products.uses.size, 0);
  t.match(change([3, null]), { kind: 'stored' });
  products.uses.invariants();
});

t.test('without a window an order from before the limit gives nothing back', async (t) => {
  const uses = new LimitUses();
  take(uses, three, [0, 3, 5_000, 8]);
  uses.giveBack(1, ada, 8, 2);
  t.equal(uses.refusal(1, three, ada, 1, 9_000)?.remaining, 0, 'order 8 was not counted');
  uses.giveBack(1, ada, 9, 2);
  t.equal(uses.refusal(1, three, ada, 2, 9_000), undefined, 'order 9 was');
  uses.invariants();
});
