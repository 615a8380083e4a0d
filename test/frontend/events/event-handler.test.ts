/** Live events at the owner: told to threads and asked of the catalog only while somebody listens. */
import t from 'tap';
import { LiveEvents } from '../../../src/frontend/events/event-handler.js';
import type { Sight } from '../../../src/frontend/events/timeline.js';
import type { ReplicaClient } from '../../../src/frontend/replica-client.js';
import type { Leaders } from '../../../src/frontend/requests/backends.js';
import type { EventBatch } from '../../../src/frontend/types.js';
import { type Changes, changeKinds } from '../../../src/wire/internal.js';
import { ManualClock } from '../../helpers/manual-clock.js';

const leaders: Leaders = { catalog: 'catalog-1', order: 'order-1' };
const tuxSold: Changes = [[changeKinds.stock, 8, [8, 'Tux', 'toys', 1990, 97, 2]]];
const upSight = {
  ...{ name: 'order-1', group: 'order', isRecoveryServer: false, connected: true, heardMs: 0 },
  health: { epoch: 1, diskSilentMs: 0, oldestUncommittedMs: 0 },
} as Sight;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function settle(): Promise<void> {
  for (let count = 0; count < 5; count++) await turn();
}

function replica(name: string): ReplicaClient & { readonly asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    ...{ name, group: 'catalog', isRecoveryServer: false, connected: true, asked },
    async call(_method, params) {
      asked.push(params);
      return null;
    },
  };
}

function setUp() {
  const clock = new ManualClock();
  const published: EventBatch[] = [];
  const publish = (batch: EventBatch): void => void published.push(batch);
  const handler = new LiveEvents({ clock, life: 'life', publish });
  const names = (): string[] =>
    published.flatMap(({ text }) =>
      [...text.matchAll(/event: (\w+)/g)].map(([, name]) => `${name}`),
    );
  return { clock, handler, published, names };
}

t.test('without listeners no changes are requested and no events are passed on', async (t) => {
  const { handler, published } = setUp();
  const catalog = replica('catalog-1');
  handler.saw(leaders, [upSight], catalog);
  await settle();
  t.same(catalog.asked, []);
  t.same(published, []);
  t.match(handler.begin(null, true).text, /event: leader/, 'though it is remembered');
});

t.test(
  'a listener makes the owner request changes, which are reported from the reset on',
  async (t) => {
    const { handler, names, published } = setUp();
    const catalog = replica('catalog-1');
    handler.saw(leaders, [], catalog);
    const { through } = handler.begin(null, false);
    t.same(catalog.asked, [[true]]);
    handler.changed('catalog-1', tuxSold);
    await settle();
    t.same(names(), ['reset'], 'a change before the reset is no event');
    handler.changed('catalog-1', tuxSold);
    handler.changed('catalog-2', tuxSold);
    await settle();
    t.same(names(), ['reset', 'stock'], 'of its leader alone');
    t.match(published.at(-1)?.text, /data: \{"id":8,"quantity":97,"version":2\}/);
    t.equal(published.at(-1)?.through, through + 2);
  },
);

t.test('additions, changes and removals are product events', async (t) => {
  const { handler, published } = setUp();
  handler.saw(leaders, [], replica('catalog-1'));
  handler.begin(null, false);
  await settle();
  const record = [9, 'Whale', 'toys', 500, 4, 1] as const;
  handler.changed('catalog-1', [
    [changeKinds.add, 9, record],
    [changeKinds.update, 9, record],
    [changeKinds.stock, 9, null],
  ]);
  await settle();
  const product = '{"id":9,"name":"Whale","topic":"toys","price":5,"quantity":4,"version":1}';
  const data = [...(published.at(-1)?.text ?? '').matchAll(/data: (.*)/g)].map(([, text]) => text);
  t.same(data, [
    `{"change":"add","product":${product}}`,
    `{"change":"update","product":${product}}`,
    '{"change":"remove","id":9}',
  ]);
});

t.test('missed changes and another leader cause a reset', async (t) => {
  const { handler, names } = setUp();
  handler.saw(leaders, [], replica('catalog-1'));
  handler.begin(null, false);
  await settle();
  handler.changed('catalog-1', null);
  const next = replica('catalog-2');
  handler.saw({ ...leaders, catalog: 'catalog-2' }, [], next);
  await settle();
  t.same(next.asked, [[true]]);
  t.same(names(), ['reset', 'reset', 'reset']);
  handler.lost('catalog-2');
  handler.saw({ ...leaders, catalog: 'catalog-2' }, [], next);
  await settle();
  t.same(next.asked, [[true], [true]], 'asked again on the next connection');
});

t.test('when the last listener has gone, the catalog gets a notice', async (t) => {
  const { clock, handler, published } = setUp();
  const catalog = replica('catalog-1');
  handler.saw(leaders, [], catalog);
  handler.begin(null, false);
  await settle();
  clock.advance(4_000);
  handler.listening();
  clock.advance(4_999);
  handler.saw(leaders, [], catalog);
  t.same(catalog.asked, [[true]], 'a thread has said that it listens');
  clock.advance(1);
  handler.saw(leaders, [], catalog);
  t.same(catalog.asked, [[true], [false]]);
  const before = published.length;
  handler.changed('catalog-1', tuxSold);
  await settle();
  t.equal(published.length, before);
});

t.test('a new listener gets every event after its start, and none twice', async (t) => {
  const { handler, published } = setUp();
  handler.saw(leaders, [], replica('catalog-1'));
  handler.begin(null, false);
  await settle();
  handler.changed('catalog-1', tuxSold);
  const { through } = handler.begin(null, false);
  t.equal(published.at(-1)?.through, through, 'what was not handed on yet leaves first');
  handler.changed('catalog-1', tuxSold);
  await settle();
  t.equal(published.at(-1)?.through, through + 1);
});
