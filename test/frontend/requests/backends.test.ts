import t from 'tap';
import { Backends, type Leaders } from '../../../src/frontend/requests/backends.js';

const leaders: Leaders = { catalog: 'catalog-1', order: 'order-1' };

function listening(count: number) {
  const backends = new Backends({
    cluster: { catalogs: [], orders: [], recovery: [] },
    connect: () => t.fail('no service is asked') as never,
  });
  let heard: number[] = [];
  const forget = Array.from({ length: count }, (_none, who) =>
    backends.news(() => heard.push(who)),
  );
  const hearing = (): number[] => {
    heard = [];
    backends.follow(leaders);
    return heard.sort();
  };
  return { forget, hearing };
}

t.test('a cancelled listener gets no news, in any order of cancelling', async (t) => {
  for (const order of ['012', '021', '102', '120', '201', '210']) {
    const { forget, hearing } = listening(3);
    const left = new Set([0, 1, 2]);
    for (const who of [...order].map(Number)) {
      t.same(hearing(), [...left], order);
      forget[who]?.();
      left.delete(who);
      t.same(hearing(), [...left], order);
      // Once more is nobody else's loss.
      forget[who]?.();
    }
    t.same(hearing(), []);
  }
});
