/** Pygmy's table, byte for byte. */
import t from 'tap';
import { setFailing, setShelf, unreachable } from './shelf.js';

const at = '/dialects/pygmy';
const gone = (id: string): string =>
  `{"message":"The item with id ${id} is no longer present in the catalog server",` +
  '"status":"Failed","validation_code":404}';
const xen = '{"cost":30,"count":0,"id":3,"title":"Xen","topic":"graduate school"}';
const rpcs =
  '{"cost":24.99,"count":79,"id":2,"title":"RPCs for Dummies","topic":"distributed systems"}';
const sleep =
  '{"cost":50,"count":900,"id":1,"title":"How to \\"sleep\\"","topic":"Distributed Systems"}';
const success = (items: string): string =>
  `{"item":[${items}],"message":{},"status":"Success","validation_code":200}`;

t.test('items are found by topic, or all of them', async (t) => {
  const { send } = await setShelf();
  const found: readonly [string, string][] = [
    ['/search?topic=graduate%20school', xen],
    ['/search?topic=distributed+systems', `${sleep},${rpcs}`],
    ['/search?topic=nothing', ''],
    ['/item?topic=graduate%20school', xen],
    ['/item', `${sleep},${rpcs},${xen}`],
    ['/lookup?id=3', xen],
    ['/item/3', xen],
  ];
  for (const [path, items] of found) {
    t.match(await send('GET', `${at}${path}`), { status: 200, text: success(items) }, path);
  }
});

t.test('a purchase is a GET and returns the order', async (t) => {
  const { send } = await setShelf();
  const { status, text } = await send('GET', `${at}/buy?id=1`);
  t.equal(status, 200);
  t.equal(
    text,
    '{"message":"Item with id 1 bought successfully.","order":{"id":2},' +
      '"status":"Success","validation_code":200}',
  );
  t.match(await send('GET', `${at}/buy?id=3`), { status: 404, text: gone('3') }, 'sold out');
});

t.test('HEAD buys nothing', async (t) => {
  const { ask, operations } = await setShelf();
  t.equal((await ask('HEAD', `${at}/buy?id=1`)).status, 405);
  t.equal((await ask('HEAD', `${at}/lookup?id=1`)).status, 200);
  t.same(
    operations.asked.map(({ operation }) => operation),
    ['lookup'],
  );
});

t.test('an absent item is 404, with the id as given', async (t) => {
  const { send } = await setShelf();
  for (const id of ['9', '0', '99999999999999999999']) {
    for (const path of [`/lookup?id=${id}`, `/buy?id=${id}`, `/item/${id}`]) {
      t.match(await send('GET', `${at}${path}`), { status: 404, text: gone(id) }, path);
    }
    const change = await send('PUT', `${at}/item/${id}`, { body: { cost: 1 }, admin: true });
    t.match(change, { status: 404, text: gone(id) });
  }
});

t.test('a missing parameter is 422, an invalid one 400', async (t) => {
  const { send } = await setShelf();
  const expect = async (status: number, method: string, path: string, body?: unknown) => {
    const reply = await send(method, `${at}${path}`, { admin: true, body });
    t.equal(reply.status, status, `${method} ${path} ${JSON.stringify(body)}`);
    t.match(reply.json, { status: 'Failed', validation_code: status, message: /./ });
    t.same(Object.keys(reply.json), ['message', 'status', 'validation_code']);
  };
  for (const path of ['/search', '/search?topic=', '/lookup', '/lookup?id=', '/buy', '/buy?n=1']) {
    await expect(422, 'GET', path);
  }
  for (const path of ['/lookup?id=x', '/buy?id=-1', '/buy?id=1.5', '/item/x', '/buy?id=1&id=2']) {
    await expect(400, 'GET', path);
  }
  await expect(400, 'GET', `/search?topic=${'x'.repeat(201)}`);
  await expect(400, 'GET', '/search?topic=%zz');
  for (const body of [undefined, {}, '', '{', '[]', '7', 'null', { price: 5 }]) {
    await expect(422, 'PUT', '/item/1', body);
  }
  for (const body of [
    { cost: -1 },
    { cost: 'x' },
    { cost: 1.234 },
    { count: 1.5 },
    { count: [] },
  ]) {
    await expect(400, 'PUT', '/item/1', body);
  }
});

t.test('failures have the dialect’s messages', async (t) => {
  const { send } = await setShelf();
  const id = 'The parameter id must be a positive integer';
  const cost = 'The parameter cost must be a number from 0 to 1000000000 with at most two decimals';
  const count = 'The parameter count must be an integer from 0 to 1000000000';
  for (const path of ['/lookup?id=x', '/buy?id=-1', '/item/x']) {
    t.equal((await send('GET', `${at}${path}`)).json.message, id, path);
  }
  for (const [body, message] of [
    [{ cost: -1 }, cost],
    [{ cost: 1.234, count: 1 }, cost],
    [{ count: 1.5 }, count],
    [{ cost: 1, count: [] }, count],
  ] as const) {
    const reply = await send('PUT', `${at}/item/1`, { admin: true, body });
    t.equal(reply.json.message, message, JSON.stringify(body));
  }
  t.equal((await send('PUT', `${at}/item/x`, { admin: true, body: { cost: 1 } })).json.message, id);
});

t.test('a change is 201 without the item, and needs the token', async (t) => {
  const { send } = await setShelf();
  const body = { cost: 12.5, count: 7 };
  const refused = await send('PUT', `${at}/item/2`, { body });
  t.match(refused, { status: 401, json: { status: 'Failed', validation_code: 401 } });
  t.match(await send('PUT', `${at}/item/2`, { body, admin: true }), {
    status: 201,
    text: '{"item":{},"message":{},"status":"Success","validation_code":201}',
  });
  t.match((await send('GET', `${at}/item/2`)).text, '"cost":12.5,"count":7');
  t.equal((await send('PUT', `${at}/item/2`, { body: { count: 9 }, admin: true })).status, 201);
  t.match((await send('GET', `${at}/item/2`)).text, '"cost":12.5,"count":9');
});

t.test('without a server the answer is a failure with the root API’s status', async (t) => {
  const { send } = await setFailing(unreachable);
  for (const path of ['/buy?id=1', '/lookup?id=1', '/item', '/search?topic=toys']) {
    const reply = await send('GET', `${at}${path}`);
    t.match(reply, { status: 503, json: { status: 'Failed', validation_code: 503 } });
  }
});

t.test('paths outside the table have the dialect’s failure shape', async (t) => {
  const { send } = await setShelf();
  for (const [method, path, status] of [
    ['GET', '/books', 404],
    ['POST', '/buy', 405],
  ] as const) {
    const reply = await send(method, `${at}${path}`);
    t.match(reply, { status, json: { status: 'Failed', validation_code: status } });
  }
});
