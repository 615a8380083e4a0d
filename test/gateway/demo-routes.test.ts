/** Demonstrations over HTTP: who may kill what, and the books for everybody. */
import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import type { AuditReport } from '../../src/frontend/types.js';
import type { Demo } from '../../src/gateway/demo-routes.js';
import { adminToken, setStage, settle } from './stage.js';

const mark = { 'x-bazar-demo': '1' };

function recorded(): { demo: Demo; done: string[] } {
  const done: string[] = [];
  const demo: Demo = async (command, name) => {
    if (name === 'order-9') throw new BazarError('not_found', 'this store has no order-9');
    done.push(`${command} ${name}`);
    return { pid: 123 };
  };
  return { demo, done };
}

t.test('a demonstration kills and starts replicas', async (t) => {
  const { demo, done } = recorded();
  const { ask } = await setStage({}, { demo });
  const killed = await ask('POST', '/demo/kill', { headers: mark, body: { name: 'order-3' } });
  t.same([killed.status, killed.json], [200, { data: { name: 'order-3', pid: 123 } }]);
  const headers = { ...mark, 'sec-fetch-site': 'same-origin' };
  const started = await ask('POST', '/demo/start', { headers, body: { name: 'recovery-1' } });
  t.equal(started.status, 200);
  t.same(done, ['kill order-3', 'start recovery-1']);
  const unknown = await ask('POST', '/demo/kill', { headers: mark, body: { name: 'order-9' } });
  t.same([unknown.status, unknown.json.error.message], [404, 'this store has no order-9']);
});

t.test('without the option no one may, not even the administrator', async (t) => {
  const { ask } = await setStage({}, { openAdmin: true });
  const headers = { authorization: `Bearer ${adminToken}` };
  for (const path of ['/demo/kill', '/demo/start']) {
    const reply = await ask('POST', path, { headers, body: { name: 'order-3' } });
    t.equal(reply.status, 404, path);
  }
});

t.test('only replicas can be named, no frontend, launcher or process id', async (t) => {
  const { demo, done } = recorded();
  const { ask } = await setStage({}, { demo });
  const bodies = [
    { name: 'frontend-1' },
    { name: 'launcher' },
    { name: 'order-3/../catalog-1' },
    { name: 'order-0' },
    { name: 1 },
    { pid: 1 },
    [],
    'null',
  ];
  for (const body of bodies) {
    t.equal((await ask('POST', '/demo/kill', { headers: mark, body })).status, 400);
  }
  t.equal((await ask('POST', '/demo/kill', { headers: mark })).status, 400, 'no body');
  t.equal((await ask('GET', '/demo/kill')).status, 405);
  t.same(done, []);
});

t.test('another site in the same browser may not send the request', async (t) => {
  const { demo, done } = recorded();
  const { ask } = await setStage({}, { demo });
  for (const site of ['cross-site', 'same-site']) {
    const headers = { ...mark, 'sec-fetch-site': site };
    const reply = await ask('POST', '/demo/kill', { headers, body: { name: 'order-3' } });
    t.equal(reply.status, 403, site);
  }
  t.same(done, []);
});

t.test('a kill needs a header that no form can send', async (t) => {
  const { demo, done } = recorded();
  const { ask } = await setStage({}, { demo });
  for (const path of ['/demo/kill', '/demo/start']) {
    const reply = await ask('POST', path, { body: { name: 'order-3' } });
    t.equal(reply.status, 403, path);
    t.match(reply.json.error.message, /X-Bazar-Demo/);
  }
  t.same(done, []);
});

t.test('the books need the token, except in a demonstration', async (t) => {
  const { ask } = await setStage();
  t.equal((await ask('GET', '/audit')).status, 401);
  const wrong = { authorization: 'Bearer wrong' };
  t.equal((await ask('GET', '/audit', { headers: wrong })).status, 403);
  const headers = { authorization: `Bearer ${adminToken}` };
  const books = await ask('GET', '/audit', { headers });
  t.match([books.status, books.json], [200, { data: { ok: true, products: [], replicas: [] } }]);
  const shown = await setStage({}, { demo: recorded().demo });
  t.equal((await shown.ask('GET', '/audit')).status, 200);
});

t.test('an audit may take longer than other answers', async (t) => {
  const books = { ok: true, sales: 0, orders: 0, products: [], replicas: [], problems: [] };
  let finish: () => void = () => {};
  const audit = (): Promise<AuditReport> =>
    new Promise((resolve) => {
      finish = () => resolve(books);
    });
  const { ask, clock } = await setStage({ audit }, { openAdmin: true });
  const asking = ask('GET', '/audit');
  await settle();
  clock.advance(10_000);
  await settle();
  finish();
  t.equal((await asking).status, 200);
  const asking2 = ask('GET', '/audit');
  await settle();
  clock.advance(26_000);
  t.equal((await asking2).status, 504, 'but not for ever');
});
