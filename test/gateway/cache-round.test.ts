/** A look into every thread's cache: complete when all have answered, or when the time is over. */
import t from 'tap';
import { CacheRounds } from '../../src/gateway/cache-round.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { tux } from './stage.js';

const whale = { ...tux, id: 9, name: 'Whale' };

t.test('the threads’ products are merged, each once, by id', async (t) => {
  const asked: number[] = [];
  const rounds = new CacheRounds({
    clock: new ManualClock(),
    ask: (round) => asked.push(round) + 1,
  });
  const taken = rounds.take();
  rounds.heard(asked[0] ?? 0, [whale, tux]);
  rounds.heard(asked[0] ?? 0, [{ ...tux, version: 9 }]);
  t.same(await taken, [{ ...tux, version: 9 }, whale]);
});

t.test('a round does not wait long for a thread that does not answer', async (t) => {
  const clock = new ManualClock();
  const rounds = new CacheRounds({ clock, ask: () => 2 });
  const taken = rounds.take();
  rounds.heard(1, [tux]);
  clock.advance(500);
  t.same(await taken, [tux]);
  rounds.heard(1, [whale]);
});

t.test('without threads the result is empty', async (t) => {
  t.same(await new CacheRounds({ clock: new ManualClock(), ask: () => 0 }).take(), []);
});
