/** What all older stores have in common: a purchase that is sent again is not sold again. */
import t from 'tap';
import { setShelf } from './shelf.js';

const purchases: readonly [string, string][] = [
  ['PUT', '/dialects/bazar/buy/1'],
  ['PUT', '/dialects/bazar-v2/buy/1'],
  ['PUT', '/dialects/bazar-hw1/purchase/1'],
  ['GET', '/dialects/pygmy/buy?id=1'],
];

t.test('an Idempotency-Key is the key of the purchase; without one there is no key', async (t) => {
  for (const [method, path] of purchases) {
    const { ask, operations } = await setShelf();
    await ask(method, path, { headers: { 'idempotency-key': 'k-1' } });
    await ask(method, path);
    const bought = operations.asked.filter(({ operation }) => operation === 'buy');
    t.same(
      bought.map(({ params }) => params),
      [
        { id: 1, quantity: 1, key: 'k-1' },
        { id: 1, quantity: 1 },
      ],
      path,
    );
  }
});

t.test('a replayed purchase is marked as such, with the same body', async (t) => {
  for (const [method, path] of purchases) {
    const { ask } = await setShelf();
    const headers = { 'idempotency-key': 'k-1' };
    const first = await ask(method, path, { headers });
    t.equal(first.headers.get('idempotency-replayed'), undefined, path);
    const again = await ask(method, path, { headers });
    t.equal(again.headers.get('idempotency-replayed'), 'true', path);
    t.same([again.status, again.text], [first.status, first.text], path);
  }
});

t.test('an invalid key is 400 and buys nothing, and is not an unknown book', async (t) => {
  for (const [method, path] of purchases) {
    const { ask, operations } = await setShelf();
    const reply = await ask(method, path, { headers: { 'idempotency-key': 'k'.repeat(201) } });
    t.match(reply, { status: 400, text: /Idempotency-Key/ }, path);
    t.same(operations.asked, []);
  }
});
