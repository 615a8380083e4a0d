/** Where dialects stand: each in its folder beside the API, or alone at the root of a port. */
import t from 'tap';
import { dialectNames } from '../../../src/gateway/dialect-names.js';
import { dialectOf } from '../../../src/gateway/dialects/dialects.js';
import { setShelf } from './shelf.js';

t.test('on its own port a dialect is at the root, and nothing else is served', async (t) => {
  const { send } = await setShelf({ dialect: dialectOf('bazar') });
  t.match(await send('GET', '/lookup/1'), { status: 200, text: /"cost":50\.0/ });
  t.match(await send('GET', '/lookup/9'), { status: 404, json: { message: /no book/ } });
  for (const path of ['/products/1', '/dialects/bazar/lookup/1', '/dialects/pygmy/item']) {
    t.match(await send('GET', path), { status: 404, json: { message: /nothing at this path/ } });
  }
  t.match(await send('PUT', '/lookup/1'), { status: 405, json: { message: /GET/ } });
  t.match(await send('GET', '/lookup/%zz'), { status: 400, json: { message: /./ } });
});

t.test('a dialect with the root API’s failure shape keeps it on its own port', async (t) => {
  const { send } = await setShelf({ dialect: dialectOf('toystore') });
  t.match(await send('GET', '/products/1'), { status: 200, json: { data: { id: 1 } } });
  t.match(await send('GET', '/products/9'), { status: 404, json: { error: { code: 404 } } });
  t.match(await send('GET', '/nix'), { status: 404, json: { error: { code: 404 } } });
});

t.test(
  'beside the API each dialect has its folder, and the root keeps its own shape',
  async (t) => {
    const { send } = await setShelf();
    for (const name of dialectNames) {
      t.equal((await send('GET', `/dialects/${name}/nix`)).status, 404);
    }
    const { json } = await send('GET', '/dialects/klingon/lookup/1');
    t.match(json, { error: { code: 404 } });
  },
);
