/** The second bazar's table, byte for byte. */
import t from 'tap';
import { tux } from '../stage.js';
import { setFailing, setShelf, unreachable } from './shelf.js';

const at = '/dialects/bazar-v2';
const noBook = '{"message":"Book with the specified ID does not exist"}';
const noNumber = '{"message":"Book ID must be a number"}';

t.test('a search matches a part of the topic in any case; no match is an empty list', async (t) => {
  const { send } = await setShelf();
  const found = await send('GET', `${at}/search/SYS`);
  t.equal(found.status, 200);
  t.equal(
    found.text,
    '[{"id":1,"title":"How to \\"sleep\\"","topic":"Distributed Systems"},' +
      '{"id":2,"title":"RPCs for Dummies","topic":"distributed systems"}]',
  );
  for (const text of ['dummies', 'nothing', 'x'.repeat(201), '%00']) {
    t.match(await send('GET', `${at}/search/${text}`), { status: 200, text: '[]' }, text);
  }
});

t.test('a look-up returns price, quantity and title', async (t) => {
  const { send } = await setShelf();
  const { status, text } = await send('GET', `${at}/lookup/2`);
  t.equal(status, 200);
  t.equal(text, '{"price":24.99,"quantity":79,"title":"RPCs for Dummies"}');
});

t.test('a number that no book has is 404, any other text 422', async (t) => {
  const { send } = await setShelf();
  for (const [method, path] of [
    ['GET', 'lookup'],
    ['PUT', 'buy'],
  ] as const) {
    for (const id of ['9', '0', '-1', '1.5', '99999999999999999999']) {
      t.match(await send(method, `${at}/${path}/${id}`), { status: 404, text: noBook }, id);
    }
    for (const id of ['one', '%20', '1a', '-', '']) {
      t.match(await send(method, `${at}/${path}/${id}`), { status: 422, text: noNumber }, id);
    }
  }
});

t.test('a purchase reports success or failure; sold out is 200 too', async (t) => {
  const { send } = await setShelf();
  t.match(await send('PUT', `${at}/buy/1`, { body: 'anything' }), {
    status: 200,
    text: '{"success":true,"message":"Book with the specified ID purchased"}',
  });
  t.match((await send('GET', `${at}/lookup/1`)).text, '"quantity":899');
  t.match(await send('PUT', `${at}/buy/3`), {
    status: 200,
    text: '{"success":false,"message":"Book with the specified ID is out of stock"}',
  });
});

t.test('without a server the answer is 504', async (t) => {
  const { send } = await setFailing(unreachable);
  for (const [method, path] of [
    ['PUT', '/buy/1'],
    ['GET', '/lookup/1'],
    ['GET', '/search/toys'],
  ] as const) {
    t.match(await send(method, `${at}${path}`), { status: 504, json: { message: /./ } });
  }
});

t.test('invalidations are 204 for any cache content', async (t) => {
  const forgotten: number[] = [];
  const cache = { forget: async (id: number) => void forgotten.push(id), content: async () => [] };
  const { send } = await setShelf({ cache });
  for (const path of ['item/2', 'item/777', 'item/-1', 'topic/toys', 'topic/']) {
    t.match(await send('DELETE', `${at}/invalidate/${path}`), { status: 204, text: '' }, path);
  }
  t.match(await send('DELETE', `${at}/invalidate/item/x`), { status: 422, text: noNumber });
  t.same(forgotten, [2, 777]);
});

t.test('the dump returns the cache’s content', async (t) => {
  const cache = { forget: async () => {}, content: async () => [tux] };
  const { send } = await setShelf({ cache });
  const { status, text } = await send('GET', `${at}/dump/`);
  t.equal(status, 200);
  t.equal(text, '{"lookup":[{"id":8,"price":19.9,"quantity":100,"title":"Tux"}],"search":[]}');
});

t.test('paths outside the table have the dialect’s failure shape', async (t) => {
  const { send } = await setShelf();
  t.match(await send('GET', `${at}/books`), { status: 404, json: { message: /./ } });
  t.match(await send('POST', `${at}/buy/1`), { status: 405, json: { message: /PUT/ } });
});
