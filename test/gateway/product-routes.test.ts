/** Products over HTTP: shapes, freshness, search and administration. */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logging.js';
import { TokenCheck } from '../../src/gateway/token-check.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { adminToken, setStage, shownTux, tux } from './stage.js';

const admin = { authorization: `Bearer ${adminToken}` };

t.test('a product is found by its name and by its id', async (t) => {
  const { ask, operations } = await setStage();
  for (const path of ['/products/Tux', '/products/8', '/products/%54ux']) {
    const reply = await ask('GET', path);
    t.equal(reply.status, 200);
    t.same(reply.json, { data: shownTux });
    t.equal(reply.headers.get('content-type'), 'application/json; charset=utf-8');
  }
  t.same(
    operations.asked.map(({ params }) => params),
    [{ name: 'Tux' }, { id: 8 }, { name: 'Tux' }],
  );
});

t.test('a name may contain slashes, question marks and any script, percent-encoded', async (t) => {
  const names = ['a/b?c', 'Größe 1+1', '100%', '本'.repeat(200)];
  const { ask, operations } = await setStage();
  for (const name of names) await ask('GET', `/products/${encodeURIComponent(name)}`);
  t.same(
    operations.asked.map(({ params }) => params),
    names.map((name) => ({ name })),
  );
});

t.test('an unknown product is 404 with the documented message', async (t) => {
  const { ask } = await setStage();
  for (const path of [
    '/products/Nobody',
    '/products/99',
    '/products/0',
    `/products/${'9'.repeat(40)}`,
  ]) {
    const reply = await ask('GET', path, { headers: { 'x-request-id': 'r-1' } });
    t.equal(reply.status, 404);
    t.same(reply.json, {
      error: { code: 404, type: 'not_found', message: 'product not found', request_id: 'r-1' },
    });
  }
});

t.test('a name over 200 characters or broken percent-encoding is 400', async (t) => {
  const { ask, operations } = await setStage();
  for (const path of [
    `/products/${'x'.repeat(201)}`,
    '/products/%zz',
    '/products/%ff',
    `/products/${'x'.repeat(5000)}`,
  ]) {
    const reply = await ask('GET', path);
    t.equal(reply.status, 400, path.slice(0, 20));
    t.equal(reply.json.error.type, 'invalid_argument');
  }
  t.same(operations.asked, []);
});

t.test('an unchanged product is answered with 304', async (t) => {
  const { ask } = await setStage();
  const tag = (await ask('GET', '/products/8')).headers.get('etag') ?? '';
  t.match(tag, /^"3-[\w-]{8}"$/, 'it begins with the version');
  for (const tags of [tag, `W/${tag}`, `"1", ${tag}`, '*']) {
    const reply = await ask('GET', '/products/8', { headers: { 'if-none-match': tags } });
    t.equal(reply.status, 304, tags);
    t.equal(reply.headers.get('etag'), tag);
    t.equal(reply.text, '');
  }
  for (const tags of ['"2"', '"3"', '"3-AAAAAAAA"']) {
    const changed = await ask('GET', '/products/8', { headers: { 'if-none-match': tags } });
    t.equal(changed.status, 200, tags);
  }
});

t.test(
  'a tag of another store, or of other content with its version, does not match',
  async (t) => {
    const first = await setStage();
    const stages = [
      await setStage({}, { history: 'restored' }),
      await setStage({ lookup: async () => ({ ...tux, quantity: 99 }) }),
    ];
    const tag = (await first.ask('GET', '/products/8')).headers.get('etag') ?? '';
    for (const { ask, operations } of stages) {
      const reply = await ask('GET', '/products/8', { headers: { 'if-none-match': tag } });
      t.equal(reply.status, 200);
      t.not(reply.headers.get('etag'), tag);
      const headers = { ...admin, 'if-match': tag };
      t.equal((await ask('PATCH', '/products/8', { headers, body: { price: 1 } })).status, 412);
      t.equal((await ask('DELETE', '/products/8', { headers })).status, 412);
      t.same([...new Set(operations.asked.map((one) => one.operation))], ['lookup']);
    }
  },
);

t.test('HEAD answers as GET without the body', async (t) => {
  const { ask } = await setStage();
  const reply = await ask('HEAD', '/products/8');
  t.equal(reply.status, 200);
  t.match(reply.headers.get('etag'), /^"3-/);
  t.ok(Number(reply.headers.get('content-length')) > 0);
});

t.test('a search passes on its parameters and returns items and the next cursor', async (t) => {
  const { ask, operations } = await setStage();
  const reply = await ask('GET', '/products?topic=distributed+systems&limit=5&after=3&text=');
  t.equal(reply.status, 200);
  t.same(reply.json, { data: [shownTux], next: 8 });
  t.same(operations.asked[0]?.params, { topic: 'distributed systems', limit: 5, after: 3 });
});

t.test('the collection without parameters is every product, in pages', async (t) => {
  const { ask, operations } = await setStage();
  for (const path of ['/products', '/products?', '/products?text=&limit=2']) {
    t.equal((await ask('GET', path)).status, 200);
  }
  t.same(
    operations.asked.map(({ params }) => params),
    [{ text: '' }, { text: '' }, { text: '', limit: 2 }],
  );
});

t.test('digits in a text parameter stay text', async (t) => {
  const { ask, operations } = await setStage();
  await ask('GET', '/products?topic=2024');
  t.same(operations.asked[0]?.params, { topic: '2024' });
});

t.test('a search with an invalid parameter is 400 and names it', async (t) => {
  const { ask, operations } = await setStage();
  const wrong: readonly [string, RegExp][] = [
    ['limit=0', /limit/],
    ['limit=1001', /limit/],
    ['limit=1.5', /limit/],
    ['limit=ten', /limit/],
    ['after=-1', /after/],
    ['colour=red', /colour/],
    ['__proto__=1', /__proto__/],
    ['limit=1&limit=2', /limit/],
    [`topic=${'x'.repeat(201)}`, /topic/],
    ['topic=%zz', /percent-encoding/],
  ];
  for (const [query, message] of wrong) {
    const reply = await ask('GET', `/products?${query}`);
    t.equal(reply.status, 400, query);
    t.match(reply.json.error.message, message);
  }
  t.same(operations.asked, []);
});

t.test('administration needs the token: 401 without one, 403 with a wrong one', async (t) => {
  const { ask, operations } = await setStage();
  const listeners = [
    ['POST', '/products'],
    ['PATCH', '/products/8'],
    ['DELETE', '/products/8'],
    ['GET', '/orders'],
  ] as const;
  for (const [method, path] of listeners) {
    const none = await ask(method, path);
    t.equal(none.status, 401, `${method} ${path}`);
    t.equal(none.json.error.type, 'unauthenticated');
    t.match(none.headers.get('www-authenticate'), /^Bearer/);
    t.equal((await ask(method, path, { headers: { authorization: 'Basic abc' } })).status, 401);
    const wrong = await ask(method, path, { headers: { authorization: 'Bearer guess' } });
    t.equal(wrong.status, 403);
    t.equal(wrong.json.error.type, 'permission_denied');
  }
  t.same(operations.asked, []);
});

t.test('without a configured token no client is an administrator', async (t) => {
  const tokens = new TokenCheck({
    ...{ adminToken: '', clock: new ManualClock(), logger: silentLogger },
  });
  const { ask } = await setStage({}, { tokens });
  t.equal((await ask('DELETE', '/products/8', { headers: admin })).status, 403);
});

t.test('with open administration no token is needed', async (t) => {
  const { ask } = await setStage({}, { openAdmin: true });
  t.equal((await ask('DELETE', '/products/8')).status, 200);
});

t.test('a removal takes no fields, and removes nothing if it has one', async (t) => {
  const { ask, operations } = await setStage();
  const remove = (body?: unknown) => ask('DELETE', '/products/8', { headers: admin, body });
  for (const body of [{ version: 3 }, [8], null]) {
    const { status, json } = await remove(body);
    t.equal(status, 400, JSON.stringify(body));
    t.equal(json.error.type, 'invalid_argument');
  }
  t.same(operations.asked, []);
  t.equal((await remove({})).status, 200);
});

t.test('an added product is 201 with its location and its tag', async (t) => {
  const { ask, operations } = await setStage();
  const body = { name: 'Kite', topic: 'toys', price: 12.5, quantity: 4 };
  const reply = await ask('POST', '/products', { headers: admin, body });
  t.equal(reply.status, 201);
  t.equal(reply.headers.get('location'), '/products/18');
  t.match(reply.headers.get('etag'), /^"1-/);
  const exact = { price_exact: '12.50', currency: 'EUR' };
  t.same(reply.json, { data: { ...body, id: 18, version: 1, ...exact } });
  t.same(operations.asked[0]?.params, body);
});

t.test('an invalid product is 400 and names the field', async (t) => {
  const { ask, operations } = await setStage();
  const good = { name: 'Kite', topic: 'toys', price: 12.5, quantity: 4 };
  const wrong: readonly [object, RegExp][] = [
    [{ ...good, price: -1 }, /price/],
    [{ ...good, price: '12' }, /price/],
    [{ ...good, quantity: 1.5 }, /quantity/],
    [{ ...good, name: '' }, /name/],
    [{ ...good, name: '123' }, /name/],
    [{ ...good, name: '\ud800' }, /name/],
    [{ name: 'Kite', topic: 'toys', price: 1 }, /quantity/],
    [{ ...good, colour: 'red' }, /colour/],
  ];
  for (const [body, message] of wrong) {
    const reply = await ask('POST', '/products', { headers: admin, body });
    t.equal(reply.status, 400);
    t.match(reply.json.error.message, message);
  }
  t.same(operations.asked, []);
});

t.test('If-Match becomes the required version, and a mismatch is 412', async (t) => {
  const stage = await setStage({
    updateProduct: async ({ if_version }) => {
      if (if_version === 3) return { ...tux, version: 4 };
      throw new BazarError('conflict', 'the product has changed', { details: { current: tux } });
    },
  });
  const { ask, operations } = stage;
  const tag = (await ask('GET', '/products/8')).headers.get('etag') ?? '';
  const send = (tag?: string) =>
    ask('PATCH', '/products/8', {
      headers: tag === undefined ? admin : { ...admin, 'if-match': tag },
      body: { price: 21 },
    });
  const done = await send(tag);
  t.equal(done.status, 200);
  t.match(done.headers.get('etag'), /^"4-/);
  t.equal((await send('"3"')).status, 200, 'a version that the client read in the body');
  const missed = await send('"2"');
  t.equal(missed.status, 412);
  t.equal(missed.json.error.type, 'conflict');
  t.same(missed.json.error.current, { ...tux, price_exact: '19.90' });
  t.equal((await send()).status, 409, 'a conflict without a condition is a plain one');
  t.equal((await send('*')).status, 409, 'a star demands no version');
  const changes = operations.asked.filter(({ operation }) => operation === 'updateProduct');
  t.same(
    changes.map(({ params }) => params),
    [
      { id: 8, price: 21, if_version: 3 },
      { id: 8, price: 21, if_version: 3 },
      { id: 8, price: 21, if_version: 2 },
      { id: 8, price: 21 },
      { id: 8, price: 21 },
    ],
  );
});

t.test('If-Match matches if one of its tags is the version; weak tags never match', async (t) => {
  const { ask, operations } = await setStage();
  const send = (method: string, tags: string, path = '/products/8') =>
    ask(method, path, {
      headers: { ...admin, 'if-match': tags },
      ...(method === 'PATCH' ? { body: { price: 21 } } : {}),
    });
  for (const method of ['PATCH', 'DELETE']) {
    const asked = operations.asked.length;
    for (const tags of ['W/"3"', '"abc"', '""', '"03"', '"2", "4"', 'W/"3", "a,b"', '"9,3"']) {
      const reply = await send(method, tags);
      t.match(reply, { status: 412, json: { error: { type: 'conflict', current: tux } } }, tags);
    }
    for (const tags of ['three', '3', '"3', '"3" "4"', '"3", x', '*, "3"', 'w/"3"', ',', '"a b"']) {
      t.equal((await send(method, tags)).status, 400, tags);
    }
    const changes = () => operations.asked.slice(asked).filter((one) => one.operation !== 'lookup');
    t.same(changes(), [], 'and nothing was changed');
    for (const tags of ['"2","3"', 'W/"3", "3"', ', "x" ,, "3" ,']) {
      t.equal((await send(method, tags)).status, 200, tags);
    }
    t.equal(changes().length, 3);
    for (const { params } of changes()) t.match(params, { id: 8, if_version: 3 });
  }
  t.equal((await send('DELETE', 'W/"3"', '/products/99')).status, 404);
});

t.test('parameters from path and headers may not be in the body too', async (t) => {
  const { ask, operations } = await setStage();
  for (const body of [
    { id: 9, price: 1 },
    { if_version: 1, price: 1 },
  ]) {
    const reply = await ask('PATCH', '/products/8', { headers: admin, body });
    t.equal(reply.status, 400);
    t.match(reply.json.error.message, /does not belong in the body/);
  }
  t.same(operations.asked, []);
});

t.test('only a number identifies a product to change, and an unknown one is 404', async (t) => {
  const missing = async (): Promise<never> => {
    throw new BazarError('not_found', 'gone');
  };
  const { ask } = await setStage({ updateProduct: missing, removeProduct: missing });
  const body = { price: 1 };
  t.equal((await ask('PATCH', '/products/Tux', { headers: admin, body })).status, 400);
  for (const path of ['/products/99', '/products/0']) {
    t.equal((await ask('PATCH', path, { headers: admin, body })).status, 404);
    const reply = await ask('DELETE', path, { headers: admin });
    t.equal(reply.status, 404);
    t.equal(reply.json.error.message, 'product not found');
  }
});

t.test('a removed product is returned in its last state', async (t) => {
  const { ask, operations } = await setStage();
  const reply = await ask('DELETE', '/products/8', { headers: { ...admin, 'if-match': '"3"' } });
  t.equal(reply.status, 200);
  t.same(reply.json, { data: shownTux });
  t.same(operations.asked.at(-1)?.params, { id: 8, if_version: 3 });
});

t.test('a change with a key is passed on with it, and a repeat is marked', async (t) => {
  const { ask, operations } = await setStage({
    addProduct: async () => ({ ...tux, replayed: true }),
    updateProduct: async () => ({ ...tux, replayed: true }),
    removeProduct: async () => ({ ...tux, replayed: true }),
  });
  const headers = { ...admin, 'idempotency-key': 'k', 'if-match': '"3"' };
  const product = { name: 'Tux', topic: 'toys', price: 1, quantity: 1 };
  const replies = [
    await ask('POST', '/products', { headers, body: product }),
    await ask('PATCH', '/products/8', { headers, body: { add: 1 } }),
    await ask('DELETE', '/products/8', { headers }),
  ];
  for (const reply of replies) {
    t.equal(reply.headers.get('idempotency-replayed'), 'true');
    t.same(reply.json, { data: shownTux });
  }
  const changes = operations.asked.filter(({ operation }) => operation !== 'lookup');
  t.match(changes, [
    { params: { key: 'k', name: 'Tux' } },
    { params: { key: 'k', id: 8, add: 1, if_version: 3 } },
    { params: { key: 'k', id: 8, if_version: 3 } },
  ]);
});

t.test('with a key If-Match must name one version, and the body may not have a key', async (t) => {
  const { ask } = await setStage();
  const headers = { ...admin, 'idempotency-key': 'k', 'if-match': '"3", "4"' };
  const several = await ask('PATCH', '/products/8', { headers, body: { add: 1 } });
  t.equal(several.status, 400);
  const body = { add: 1, key: 'k' };
  const misplaced = await ask('PATCH', '/products/8', { headers: admin, body });
  t.equal(misplaced.status, 400);
});
