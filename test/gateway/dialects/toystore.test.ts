/**
 * The toy store's dialect: the root API at another path, except for an order without an order
 * service.
 */
import t from 'tap';
import { BazarError } from '../../../src/base/errors.js';
import { setStage, shownTux } from '../stage.js';
import { setFailing, unreachable } from './shelf.js';

const at = '/dialects/toystore';

t.test('products and orders are those of the root API', async (t) => {
  const { ask } = await setStage();
  t.same((await ask('GET', `${at}/products/Tux`)).json, { data: shownTux });
  const bought = await ask('POST', `${at}/orders`, { body: { name: 'Tux', quantity: 1 } });
  t.match(bought, { status: 200, json: { data: { order_number: 192, total: 19.9 } } });
  t.equal((await ask('GET', `${at}/orders/1`)).status, 200);
  t.equal((await ask('GET', `${at}/readyz`)).status, 200);
});

t.test('failures are those of the root API', async (t) => {
  const { ask } = await setStage();
  const unknown = await ask('GET', `${at}/products/Nix`);
  t.match(unknown, {
    status: 404,
    json: { error: { code: 404, type: 'not_found', message: 'product not found' } },
  });
  const bad = await ask('POST', `${at}/orders`, { body: '{' });
  t.match(bad, { status: 400, json: { error: { type: 'invalid_argument' } } });
  t.match(await ask('PUT', `${at}/orders`), { status: 405, json: { error: { code: 405 } } });
  t.match(await ask('GET', `${at}/nix`), { status: 404, json: { error: { code: 404 } } });
  t.equal((await ask('DELETE', `${at}/products/8`)).status, 401);
});

t.test('an order without a reachable order service is 500 here, and 503 at the root', async (t) => {
  const { send } = await setFailing(unreachable);
  const body = { name: 'Tux', quantity: 1 };
  const here = await send('POST', `${at}/orders`, { body });
  t.match(here, { status: 500, json: { error: { code: 500, type: 'unavailable' } } });
  t.equal((await send('POST', '/orders', { body })).status, 503);
  t.equal((await send('GET', `${at}/products/Tux`)).status, 503, 'only orders');
});

t.test('other failures of an order keep their status', async (t) => {
  const soldOut = new BazarError('out_of_stock', 'not enough', { details: { available: 0 } });
  const { send } = await setFailing(soldOut);
  const reply = await send('POST', `${at}/orders`, { body: { id: 8, quantity: 1 } });
  t.match(reply, { status: 409, json: { error: { available: 0 } } });
});
