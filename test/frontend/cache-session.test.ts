import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import { CacheSession } from '../../src/frontend/cache-session.js';
import { Stamps } from '../../src/frontend/stamps.js';
import type { ReplicaLine } from '../../src/frontend/watch.js';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function line(name: string, answer: () => Promise<unknown>): ReplicaLine & { asked: number } {
  return {
    name,
    group: 'catalog',
    witness: false,
    connected: true,
    asked: 0,
    call() {
      this.asked++;
      return answer();
    },
  };
}

function build(): { stamps: Stamps; session: CacheSession } {
  const stamps = new Stamps();
  return { stamps, session: new CacheSession(stamps, silentLogger) };
}

t.test('a session begins once with the leader and its floor is the log end', async (t) => {
  const { stamps, session } = build();
  const leader = line('catalog-1', async () => [7, 1]);
  session.follow(leader);
  session.follow(leader);
  t.equal(stamps.inSession, false, 'not before the leader has answered');
  await settled();
  t.equal(leader.asked, 1);
  t.equal(stamps.inSession, true);
  t.equal(stamps.mayFill(stamps.sight(3), 6, 1), false);
  t.equal(stamps.mayFill(stamps.sight(3), 7, 1), true);
});

t.test('an invalidation is in the shared stamps when it returns', async (t) => {
  const { stamps, session } = build();
  session.follow(line('catalog-1', async () => [1, 1]));
  await settled();
  const sighting = stamps.sight(stamps.idBucket(8));
  session.invalidate('catalog-1', [2, [8], [], []]);
  t.equal(stamps.isCurrent(sighting), false);
});

t.test(
  'the end of the connection ends the session, and the next one is another generation',
  async (t) => {
    const { stamps, session } = build();
    const leader = line('catalog-1', async () => [1, 1]);
    session.follow(leader);
    await settled();
    const sighting = stamps.sight(1);
    session.lost('catalog-1');
    t.equal(stamps.inSession, false);
    session.follow(leader);
    await settled();
    t.equal(stamps.inSession, true);
    t.equal(stamps.isCurrent(sighting), false);
  },
);

t.test(
  'another leader is another session, and a late answer of the old one counts for nothing',
  async (t) => {
    const { stamps, session } = build();
    let answerOld: (answer: unknown) => void = () => {};
    const old = line('catalog-1', () => new Promise((resolve) => (answerOld = resolve)));
    const next = line('catalog-2', () => new Promise(() => {}));
    session.follow(old);
    session.follow(next);
    answerOld([1, 1]);
    await settled();
    t.equal(stamps.inSession, false);
  },
);

t.test('a refusal is asked again at the next round', async (t) => {
  const { stamps, session } = build();
  let refuse = true;
  const leader = line('catalog-1', async () => {
    if (refuse) throw new Error('not serving yet');
    return [1, 1];
  });
  session.follow(leader);
  await settled();
  refuse = false;
  session.follow(leader);
  await settled();
  t.equal(stamps.inSession, true);
});
