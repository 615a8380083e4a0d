/** The first bazar's table, byte for byte. */
import t from 'tap';
import { setFailing, setShelf, unreachable } from './shelf.js';

const at = '/dialects/bazar';
const noBook = '{"message":"There is no book with this ID"}';
const noBooks = '{"message":"There are no books under this topic"}';
const bad = '{"message":"bad request can not handle the request due to invaled data"}';
const strangeIds = ['9', '0', '-1', '1.5', 'one', '%20', '99999999999999999999', '1e3', '0x1'];

t.test('a search matches the whole topic in any case and returns all pages', async (t) => {
  const { send } = await setShelf();
  for (const topic of ['distributed%20systems', 'DISTRIBUTED%20SYSTEMS']) {
    const { status, text } = await send('GET', `${at}/search/${topic}`);
    t.equal(status, 200);
    t.equal(text, '[{"id":1,"title":"How to \\"sleep\\""},{"id":2,"title":"RPCs for Dummies"}]');
  }
  for (const topic of ['distributed', 'x'.repeat(201), '%00', '']) {
    t.match(await send('GET', `${at}/search/${topic}`), { status: 404, text: noBooks }, topic);
  }
});

t.test('a look-up shows the cost with a decimal point', async (t) => {
  const { send } = await setShelf();
  const whole = await send('GET', `${at}/lookup/1`);
  t.equal(whole.status, 200);
  t.equal(whole.text, '{"cost":50.0,"quantity":900,"title":"How to \\"sleep\\""}');
  t.match(whole.headers.get('content-type'), /^application\/json/);
  const part = await send('GET', `${at}/lookup/2`);
  t.equal(part.text, '{"cost":24.99,"quantity":79,"title":"RPCs for Dummies"}');
});

t.test('a path that names no book is 404 on every route', async (t) => {
  const { send } = await setShelf();
  for (const id of strangeIds) {
    t.match(await send('GET', `${at}/lookup/${id}`), { status: 404, text: noBook }, id);
    t.match(await send('PUT', `${at}/buy/${id}`), {
      status: 404,
      text: '{"message":"This book unavailable"}',
    });
    for (const [field, value] of [
      ['price', 5],
      ['item', 5],
    ] as const) {
      const body = field === 'price' ? { price: value } : { quantity: value };
      const reply = await send('PUT', `${at}/update/${field}/${id}`, { body, admin: true });
      t.match(reply, { status: 404, text: noBook }, `${field} ${id}`);
    }
  }
});

t.test('an update returns the changed book', async (t) => {
  const { send } = await setShelf();
  const price = await send('PUT', `${at}/update/price/2`, { body: { price: 900 }, admin: true });
  t.match(price, {
    status: 200,
    text: '{"cost":900.0,"quantity":79,"title":"RPCs for Dummies"}',
  });
  const item = await send('PUT', `${at}/update/item/2`, { body: { quantity: 600 }, admin: true });
  t.match(item, {
    status: 200,
    text: '{"cost":900.0,"quantity":600,"title":"RPCs for Dummies"}',
  });
});

t.test('invalid data is 400 with the dialect’s message, and changes nothing', async (t) => {
  const { send, operations } = await setShelf();
  const prices = [-1, 'much', null, 1.234, 1e12, [], {}, true];
  const quantities = [-1, 1.5, 'many', null, 1e10, [], {}, true];
  const wrong: [string, unknown][] = [
    ...prices.map((price): [string, unknown] => ['price', { price }]),
    ...quantities.map((quantity): [string, unknown] => ['item', { quantity }]),
    ...['', '{', 'price=5', '[]', '5', 'null', '{"cost":5}'].flatMap(
      (body): [string, unknown][] => [
        ['price', body],
        ['item', body],
      ],
    ),
  ];
  for (const [what, body] of wrong) {
    const reply = await send('PUT', `${at}/update/${what}/1`, { body, admin: true });
    t.match(reply, { status: 400, text: bad }, `${what} ${JSON.stringify(body)}`);
  }
  t.equal(operations.asked.filter(({ operation }) => operation === 'updateProduct').length, 1);
  t.match((await send('GET', `${at}/lookup/1`)).text, '"cost":50.0,"quantity":900');
});

t.test('a purchase is 201 with the book and the order, for any body', async (t) => {
  const { send } = await setShelf();
  const bodies = [undefined, '', '{}', 'not json at all', { quantity: 5 }];
  for (const [i, body] of bodies.entries()) {
    const { status, text } = await send('PUT', `${at}/buy/1`, { body });
    t.equal(status, 201);
    t.equal(text, `{"book_id":1,"order_id":${i + 2}}`);
  }
  t.match((await send('GET', `${at}/lookup/1`)).text, '"quantity":895', 'one each');
  t.match(await send('PUT', `${at}/buy/3`), {
    status: 410,
    text: '{"message":"This book is currently unavailable"}',
  });
});

t.test('without a server every route is 503 with the dialect’s message', async (t) => {
  const { send } = await setFailing(unreachable);
  const listeners = [
    ['PUT', '/buy/1'],
    ['GET', '/lookup/1'],
    ['GET', '/search/toys'],
    ['GET', '/verify_item_in_stock/1'],
  ] as const;
  for (const [method, path] of listeners) {
    const reply = await send(method, `${at}${path}`);
    t.equal(reply.status, 503);
    t.equal(reply.text, '{"message":"The server is not ready to handle the request"}');
  }
});

t.test('the stock of a book can be checked', async (t) => {
  const { send } = await setShelf();
  const soldOut = '{"message":"This book is currently unavailable"}';
  const tries: readonly (readonly [id: string, status: number, text: string])[] = [
    ['2', 200, '{"id":2,"quantity":79}'],
    ['9', 404, noBook],
    ['x', 404, noBook],
    ['3', 410, soldOut],
  ];
  for (const [id, status, text] of tries) {
    t.match(await send('GET', `${at}/verify_item_in_stock/${id}`), { status, text }, id);
  }
});

t.test('a book can be dropped from the cache without a token', async (t) => {
  const forgotten: number[] = [];
  const cache = { forget: async (id: number) => void forgotten.push(id), content: async () => [] };
  const { send } = await setShelf({ cache });
  t.equal((await send('DELETE', `${at}/invalidate/2`)).status, 200);
  t.equal((await send('DELETE', `${at}/invalidate/777`)).status, 200, 'what is not there as well');
  t.match(await send('DELETE', `${at}/invalidate/x`), { status: 404, text: noBook });
  t.same(forgotten, [2, 777]);
});

t.test('changes need the token, or open administration', async (t) => {
  const body = { price: 5 };
  const closed = await setShelf();
  const none = await closed.send('PUT', `${at}/update/price/1`, { body });
  t.equal(none.status, 401);
  t.same(Object.keys(none.json), ['message']);
  const headers = { authorization: 'Bearer guess' };
  t.equal((await closed.ask('PUT', `${at}/update/item/1`, { body, headers })).status, 403);
  const open = await setShelf({ openAdmin: true });
  t.equal((await open.send('PUT', `${at}/update/price/1`, { body })).status, 200);
});

t.test('paths outside the table have the dialect’s failure shape', async (t) => {
  const { send } = await setShelf();
  t.match(await send('GET', `${at}/books`), { status: 404, json: { message: /./ } });
  const method = await send('POST', `${at}/buy/1`);
  t.match(method, { status: 405, json: { message: /PUT/ } });
  t.equal(method.headers.get('allow'), 'OPTIONS, PUT');
  t.match(await send('GET', `${at}/lookup/%zz`), { status: 400, json: { message: /./ } });
  t.match(await send('GET', `${at}/lookup/${'9'.repeat(5000)}`), { json: { message: /./ } });
  const large = await send('PUT', `${at}/buy/1`, { body: 'x'.repeat(1024 * 1024 + 1) });
  t.match(large, { status: 413, json: { message: /large/ } });
});
