/** A product's stock and its ledger over HTTP: what reaches the operations, the answers, and who may ask. */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { adminToken, setStage } from './stage.js';

const admin = { authorization: `Bearer ${adminToken}` };
const sale = {
  ...{ number: 7, at: '2026-01-31T12:00:00.000Z', cause: 'sale', delta: -1, balance: 3 },
  ...{ reserved_delta: 0, reserved: 2, on_hand: 5, order_number: 4 },
};

t.test('the numbers of a product are answered by its id', async (t) => {
  const { ask } = await setStage();
  const reply = await ask('GET', '/products/8/stock', { headers: admin });
  t.equal(reply.status, 200);
  const levels = { available: 3, reserved: 2, on_hand: 5, received: 9, sold: 4, returned: 0 };
  t.same(reply.json, { data: { id: 8, ...levels } });
});

t.test('a page of the ledger passes on its bounds and says how to continue', async (t) => {
  const seen: unknown[] = [];
  const { ask } = await setStage({
    async ledger(params) {
      seen.push(params);
      const item = { ...sale, cause: 'sale' as const };
      return params.after === 7 ? { items: [] } : { items: [item], next: 7 };
    },
  });
  const first = await ask('GET', '/products/8/ledger?limit=1', { headers: admin });
  t.equal(first.status, 200);
  t.same(first.json, { data: [sale], next: 7 });
  const last = await ask('GET', '/products/8/ledger?limit=1&after=7', { headers: admin });
  t.same(last.json, { data: [] });
  t.same(seen, [
    { id: 8, limit: 1 },
    { id: 8, limit: 1, after: 7 },
  ]);
});

t.test('HEAD answers as GET, without the body', async (t) => {
  const { ask } = await setStage();
  for (const path of ['/products/8/stock', '/products/8/ledger']) {
    const [head, get] = [
      await ask('HEAD', path, { headers: admin }),
      await ask('GET', path, { headers: admin }),
    ];
    t.equal(head.status, 200, path);
    t.equal(head.headers.get('content-length'), get.headers.get('content-length'), path);
    t.equal((await ask('HEAD', path)).status, 401, path);
  }
});

t.test('bounds and paths that are not valid are 400', async (t) => {
  const { ask } = await setStage();
  const paths = [
    ...['limit=0', 'limit=1001', 'limit=x', 'limit=1.5', 'limit=1&limit=2'],
    ...['after=-1', 'after=x', `after=${2 ** 53}`, 'before=4', 'id=9'],
  ].map((query) => `/products/8/ledger?${query}`);
  for (const path of [
    ...paths,
    '/products/Tux/ledger',
    '/products/Tux/stock',
    '/products/-1/stock',
    '/products/8/stock?limit=1',
    '/products/8/stock?id=9',
  ]) {
    t.equal((await ask('GET', path, { headers: admin })).status, 400, path);
  }
});

t.test('an unknown product is 404, and so is an id that no product can have', async (t) => {
  const notFound = async (): Promise<never> => {
    throw new BazarError('not_found', 'nothing there');
  };
  const { ask } = await setStage({ readStock: notFound, ledger: notFound });
  for (const path of ['stock', 'ledger'].flatMap((end) =>
    ['9', '0', '99999999999999999999'].map((id) => `/products/${id}/${end}`),
  )) {
    const reply = await ask('GET', path, { headers: admin });
    t.equal(reply.status, 404, path);
    t.match(reply.json, { error: { message: 'product not found' } }, path);
  }
});

t.test('only an administrator may read them', async (t) => {
  const { ask } = await setStage();
  const wrong = { authorization: 'Bearer guess' };
  for (const path of ['/products/8/stock', '/products/8/ledger']) {
    t.equal((await ask('GET', path)).status, 401, path);
    t.equal((await ask('GET', path, { headers: wrong })).status, 403, path);
  }
  const open = await setStage({}, { openAdmin: true });
  t.equal((await open.ask('GET', '/products/8/ledger')).status, 200);
});
