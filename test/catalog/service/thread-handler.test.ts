import t from 'tap';
import { grant } from '../../../src/catalog/coherence/grantable-reads.js';
import { shapes } from '../../../src/catalog/service/thread.js';
import { ThreadHandler } from '../../../src/catalog/service/thread-handler.js';
import type { CatalogCommand, GrantParams } from '../../../src/wire/internal.js';
import type {
  LookupAnswer,
  LookupManyAnswer,
  SearchAnswer,
} from '../../../src/wire/thread-requests.js';
import { product, toyLog } from '../log-builder.js';
import { epoch, replica } from '../replica.js';

async function build() {
  const logs = { leader: toyLog(), follower: toyLog() };
  const leader = replica(logs.leader, true);
  const follower = replica(logs.follower, false);
  const asked: GrantParams[] = [];
  let isReachable = true;
  const threads = new ThreadHandler(follower.store, async (_to, _method, params) => {
    if (!isReachable) throw new Error('cut off');
    asked.push(params as GrantParams);
    return grant(leader.store, params as GrantParams);
  });
  await new Promise((resolve) => setImmediate(resolve));
  async function ask<A>(operation: string, ...args: unknown[]): Promise<A> {
    const answer = new Promise((resolve, reject) => {
      const reply = (error: unknown, result: unknown) => (error ? reject(error) : resolve(result));
      threads.calls([{ operation, args, reply }]);
    });
    await new Promise((resolve) => setImmediate(resolve));
    follower.letGo();
    return (await answer) as A;
  }
  return {
    ...{ ask, asked, leader },
    cut: () => {
      isReachable = false;
    },
    /** Appended at the leader, not applied anywhere yet. */
    pending: (command: CatalogCommand) => {
      const { gates } = leader.store;
      gates.appended(gates.appendedSeq + 1, logs.leader.machine.writeSet(command));
    },
    apply: (command: CatalogCommand, ...replicas: ('leader' | 'follower')[]) => {
      for (const name of replicas) logs[name].append(command);
    },
  };
}

const restock: CatalogCommand = ['update', 1, { quantity: 7 }];

t.test('a follower’s answer may be cached if the leader grants it', async (t) => {
  const { ask, asked } = await build();
  const [record, grantEpoch, seq] = await ask<LookupAnswer>('lookup', 1);
  t.match(record, [1, 'Tux']);
  t.same([grantEpoch, seq], [epoch, 1]);
  t.same(asked, [[[1], [], []]]);
});

t.test('an answer may not be cached while the leader has an undecided entry for it', async (t) => {
  const { ask, pending } = await build();
  pending(restock);
  t.equal((await ask<LookupAnswer>('lookup', 1))[1], 0);
  t.equal((await ask<LookupAnswer>('lookup', 'Tux'))[1], 0);
  t.equal((await ask<LookupAnswer>('lookup', 2))[1], epoch, 'others may');
});

t.test(
  'an answer may not be cached if the follower lacks entries that the leader applied',
  async (t) => {
    const { ask, apply } = await build();
    apply(restock, 'leader');
    const [record, grantEpoch] = await ask<LookupAnswer>('lookup', 1);
    t.equal(record?.[4], 100);
    t.equal(grantEpoch, 0);
    apply(restock, 'follower');
    t.match(await ask<LookupAnswer>('lookup', 1), [[1, 'Tux', 'toys', 1990, 7], epoch, 2]);
  },
);

t.test('a follower that cannot reach its leader answers without grants', async (t) => {
  const { ask, cut } = await build();
  cut();
  t.match(await ask<LookupAnswer>('lookup', 1), [[1, 'Tux'], 0]);
});

t.test('an absence may be cached unless an add is pending', async (t) => {
  const { ask, pending } = await build();
  t.same(await ask<LookupAnswer>('lookup', 99), [null, epoch, 1]);
  t.same(await ask<LookupAnswer>('lookup', 'Dodo'), [null, epoch, 1]);
  pending(['add', product('Dodo')]);
  t.equal((await ask<LookupAnswer>('lookup', 99))[1], 0, 'any id may be given away');
  t.equal((await ask<LookupAnswer>('lookup', 'Dodo'))[1], 0);
  t.equal((await ask<LookupAnswer>('lookup', 'Emu'))[1], epoch);
});

t.test('each of many products is granted or not on its own', async (t) => {
  const { ask, pending } = await build();
  pending(restock);
  const [records, grantEpoch, , kept] = await ask<LookupManyAnswer>('lookup_many', [2, 1, 99]);
  t.same(
    records.map((record) => record?.[0] ?? null),
    [2, 1, null],
  );
  t.equal(grantEpoch, epoch);
  t.same(kept, [true, false, true]);
});

t.test('a page’s list is granted apart from its records', async (t) => {
  const { ask, pending, asked } = await build();
  pending(restock);
  const search = (topic: string | null) =>
    ask<SearchAnswer>('search', topic, topic === null ? 'u' : null, 20, 0);
  t.match(await search('Toys'), [{ length: 2 }, null, epoch, 1, true, [false, true]]);
  t.same(asked.at(-1), [[1, 2], [], ['toys']]);
  pending(['update', 2, { topic: 'sea' }]);
  t.equal((await search('Toys'))[4], false, 'it loses one');
  t.equal((await search('sea'))[4], false, 'it gains one');
  t.equal((await search(null))[4], false, 'found by text, it may be a part of the topic');
  t.equal((await search('books'))[4], true);
});

t.test('a look-up’s answer says which item it is about', async (t) => {
  for (const params of [[1], ['Tux']]) t.ok(shapes.lookup?.(params));
  for (const params of [[], [1, 0], [true], [null], 1]) t.notOk(shapes.lookup?.(params));
});

t.test('a leader grants without asking', async (t) => {
  const { leader } = await build();
  const threads = new ThreadHandler(leader.store, () =>
    Promise.reject(new Error('asks no member')),
  );
  const answer = new Promise((resolve) => {
    threads.calls([{ operation: 'lookup', args: [1], reply: (_error, result) => resolve(result) }]);
  });
  leader.letGo();
  t.match(await answer, [[1, 'Tux'], epoch, 1]);
});
