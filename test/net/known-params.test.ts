// What a session makes of params whose bytes came before.
import t from 'tap';
import type { RpcHandler } from '../../src/net/rpc-session.js';
import { encode } from '../../src/wire/codec.js';
import { framed, rawAgainst } from './stage.js';

/** Keeps what is asked, and answers with it. */
function keeper(): RpcHandler & { readonly asked: [method: string, params: unknown][] } {
  const asked: [string, unknown][] = [];
  return {
    asked,
    request(_session, method, params, reply) {
      asked.push([method, params]);
      reply.result(params);
    },
  };
}

const times = 4;

t.test('each request keeps its own method and id, however often its params repeat', async (t) => {
  const far = keeper();
  const { clock, raw } = await rawAgainst(far);
  for (let id = 1; id <= times; id++) {
    raw.send([0, id, `method-${id}`, { id: 8 }]);
  }
  await clock.settle();
  t.same(
    far.asked,
    [1, 2, 3, 4].map((id) => [`method-${id}`, { id: 8 }]),
  );
  t.same(
    raw.messages(),
    [1, 2, 3, 4].map((id) => [1, id, null, { id: 8 }]),
  );
});

t.test('a bad method name is refused even with known params', async (t) => {
  const far = keeper();
  const { clock, raw } = await rawAgainst(far);
  for (let id = 1; id <= times; id++) raw.send([0, id, 'lookup', { id: 8 }]);
  await clock.settle();
  const bad = Buffer.concat([Buffer.from([0x94, 0, 9, 0xa1, 0xff]), encode({ id: 8 })]);
  raw.sendBytes(framed(bad));
  await clock.settle();
  t.equal(far.asked.length, times);
  t.match(raw.messages().at(-1), [1, 9, { code: 'invalid_argument' }]);
});

t.test('forbidden params are refused however often they repeat', async (t) => {
  const far = keeper();
  const { clock, raw } = await rawAgainst(far);
  const bad = Buffer.from([0x94, 0, 9, 0xa1, 0x6d, 0x81, 0xa1, 0xff, 0x01]);
  for (let time = 0; time < times; time++) raw.sendBytes(framed(bad));
  await clock.settle();
  t.equal(far.asked.length, 0);
});
