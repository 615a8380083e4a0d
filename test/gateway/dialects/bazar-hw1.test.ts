/** The first homework's table, byte for byte. */
import t from 'tap';
import { setFailing, setShelf, unreachable } from './shelf.js';

const at = '/dialects/bazar-hw1';
const noBook = '{"status":"Book not found."}';
const noBooks = '{"status":"No books with this subject were found."}';

t.test('a search matches the exact subject and returns JSON in a string', async (t) => {
  const { send } = await setShelf();
  const { status, text } = await send('GET', `${at}/search/distributed%20systems`);
  t.equal(status, 200);
  t.equal(text, '{"data":"[{\\"id\\":2,\\"title\\":\\"RPCs for Dummies\\"}]"}');
  for (const subject of ['Graduate%20school', 'graduate', 'x'.repeat(201), '%00', '']) {
    t.match(await send('GET', `${at}/search/${subject}`), { status: 404, text: noBooks }, subject);
  }
});

t.test('a book’s information is JSON in a string', async (t) => {
  const { send } = await setShelf();
  const { status, text } = await send('GET', `${at}/info/3`);
  t.equal(status, 200);
  t.equal(text, '{"data":"[{\\"title\\":\\"Xen\\",\\"quantity\\":0,\\"price\\":30}]"}');
});

t.test('a purchase buys one book and names its title', async (t) => {
  const { send } = await setShelf();
  t.match(await send('PUT', `${at}/purchase/2`, { body: '{' }), {
    status: 200,
    text: '{"status":"RPCs for Dummies was bought successfully."}',
  });
  t.match((await send('GET', `${at}/info/2`)).json.data, '"quantity":78');
  t.match(await send('PUT', `${at}/purchase/3`), {
    status: 404,
    text: '{"status":"The book is out of stock."}',
  });
});

t.test('a path that names no book is 404', async (t) => {
  const { send } = await setShelf();
  for (const id of ['9', '0', '-1', '1.5', 'one', '99999999999999999999']) {
    t.match(await send('GET', `${at}/info/${id}`), { status: 404, text: noBook }, id);
    t.match(await send('PUT', `${at}/purchase/${id}`), { status: 404, text: noBook }, id);
  }
});

t.test('a failure of a service is a server error', async (t) => {
  for (const error of [unreachable, new Error('a fault')]) {
    const { send } = await setFailing(error);
    for (const [method, path] of [
      ['PUT', '/purchase/1'],
      ['GET', '/info/1'],
      ['GET', '/search/toys'],
    ] as const) {
      const reply = await send(method, `${at}${path}`);
      t.match(reply, { status: 500, text: '{"status":"A server error occured."}' }, path);
    }
  }
});

t.test('paths outside the table have the dialect’s failure shape', async (t) => {
  const { send } = await setShelf();
  t.match(await send('GET', `${at}/books`), { status: 404, json: { status: /./ } });
  t.match(await send('POST', `${at}/purchase/1`), { status: 405, json: { status: /PUT/ } });
});
