/** Requests with the same params, with and without the optimisation that decodes these once. */
import t from 'tap';
import { optimisationNames, switchOff } from '../../src/base/optimisations.js';
import { rawAgainst } from './stage.js';

for (const off of [[], optimisationNames]) {
  const without = off.length > 0 ? 'without the params cache' : 'with the params cache';
  t.test(`${without} a handler gets the params of each request`, async (t) => {
    switchOff(off);
    t.teardown(() => switchOff([]));
    const params: unknown[] = [];
    const { clock, raw } = await rawAgainst({
      request(_session, _method, given, reply) {
        params.push(given);
        reply.result(null);
      },
    });
    for (const id of [8, 8, 8, 9, 8]) raw.send([0, params.length, 'lookup', { id }]);
    await clock.settle();
    t.same(params, [{ id: 8 }, { id: 8 }, { id: 8 }, { id: 9 }, { id: 8 }]);
    t.equal(params[2] === params[4], off.length === 0, 'equal params are one object with it only');
  });
}
