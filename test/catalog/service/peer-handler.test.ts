import t from 'tap';
import type { BazarError } from '../../../src/base/errors.js';
import { silentLogger } from '../../../src/base/logging.js';
import { CatalogPeerHandler } from '../../../src/catalog/service/peer-handler.js';
import type { UncachedReadAnswer } from '../../../src/wire/internal.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import { reportOf } from '../../wire/report-builder.js';
import { byClient, digest, toyLog } from '../log-builder.js';
import { FakeFrontend, openStore, settled } from '../one-catalog.js';
import { replica } from '../replica.js';

async function build({ leads = true } = {}) {
  const log = toyLog();
  const { store, letGo } = replica(log, leads);
  const audit = () => Promise.reject(new Error('no audit here'));
  const handler = new CatalogPeerHandler({
    store,
    flush: () => store.salesStream.flush(),
    logger: silentLogger,
    clock: new ManualClock(),
    audit,
  });
  await settled();
  const answers: UncachedReadAnswer[] = [];
  return {
    ...{ log, store, handler, answers },
    uncachedRead: (id: number) => {
      const result = (answer: unknown): void => void answers.push(answer as UncachedReadAnswer);
      const fail = (error: Error): void => void t.fail(error.message);
      t.ok(handler.request(new FakeFrontend(), 'glance', [id], { result, fail }));
    },
    letGo: async () => {
      letGo();
      await settled();
    },
  };
}

t.test('an uncached read is answered from a read position taken after its arrival', async (t) => {
  const { log, answers, uncachedRead, letGo } = await build();
  uncachedRead(1);
  await settled();
  t.same(answers, [], 'this replica may be behind');
  log.append(['update', 1, { quantity: 7 }]);
  await letGo();
  t.match(answers, [[1, 'Tux', 'toys', 1990, 7]]);
  uncachedRead(99);
  await letGo();
  t.equal(answers[1], null);
});

t.test('an uncached read grants nothing', async (t) => {
  const { store, answers, uncachedRead, letGo } = await build();
  uncachedRead(1);
  await letGo();
  t.match(answers, [[1, 'Tux']]);
  t.same(
    store.gates.grants.take({ ids: [1], changedNames: [], stableNames: [], topics: [] }).ids,
    [],
  );
});

t.test('an invalid id is refused, not answered as a missing product', async (t) => {
  const { handler } = await build();
  for (const params of [['Tux'], [null], [1, 2], [], null, 5]) {
    const refused = new Promise<BazarError>((fail) => {
      const result = (): void => void t.fail('answered');
      handler.request(new FakeFrontend(), 'glance', params, { result, fail });
    });
    t.match(await refused, { code: 'invalid_argument' });
  }
});

t.test('an order leader whose connection closed gets no more sales', async (t) => {
  const { store, handler, ask } = await openStore();
  const gone = new FakeFrontend();
  const other = new FakeFrontend();
  for (const peer of [gone, other]) await ask(peer, 'tail', [1, 1]);
  await store.proposePurchases(1, [byClient('a', [[1, 1]])]);
  handler.closed(gone);
  await store.proposePurchases(1, [byClient('b', [[1, 1]])]);
  const sales = ({ notified }: FakeFrontend) => notified.map(([method]) => method);
  t.same(sales(gone), ['sales']);
  t.same(sales(other), ['sales', 'sales']);
});

t.test(
  'the last sale is named by the leader, and gathered sales leave if a read waits',
  async (t) => {
    const { store, ask } = await openStore();
    const order = new FakeFrontend();
    const reader = new FakeFrontend();
    await ask(order, 'tail', [1, 1, true]);
    t.same(await ask(reader, 'last_sale', [1]), [0, store.machine.lastLogTime, 0, 0]);
    await store.proposePurchases(1, [byClient('a', [[1, 1]])]);
    t.match(await ask(reader, 'last_sale', [2]), [1]);
    t.same(order.notified, [], 'no sale that the read waits for');
    t.match(await ask(reader, 'last_sale', [1]), [1]);
    t.same(
      order.notified.map(([method]) => method),
      ['sales'],
    );
  },
);

t.test('a replica that does not lead names no last sale', async (t) => {
  const { handler } = await build({ leads: false });
  const refused = new Promise<BazarError>((fail) => {
    const result = (): void => void t.fail('answered');
    handler.request(new FakeFrontend(), 'last_sale', [1], { result, fail });
  });
  t.match(await refused, { code: 'unavailable' });
});

t.test('frontends that report to one replica see each other, under any leader', async (t) => {
  const { ask } = await openStore();
  const [one, two] = [new FakeFrontend(), new FakeFrontend()];
  t.same(await ask(one, 'report_frontend', ['process-1', reportOf(1)]), [[[0, reportOf(1)]]]);
  const both = [
    [0, reportOf(1)],
    [0, reportOf(2)],
  ];
  t.same(await ask(two, 'report_frontend', ['process-2', reportOf(2)]), [both]);
  t.same(await ask(one, 'report_frontend', ['process-1', reportOf(1)]), [both]);
  await ask(two, 'report_frontend', ['process-2', null]);
  t.match(await ask(one, 'report_frontend', ['process-1', reportOf(1)]), [[[0], [2]]]);
});

t.test('an invalid report is refused', async (t) => {
  const { ask } = await openStore();
  for (const params of [null, [], [1, null], ['process-1', 'x'], ['process-1', []]]) {
    await t.rejects(ask(new FakeFrontend(), 'report_frontend', params), {
      code: 'invalid_argument',
    });
  }
});

t.test('cancellations are streamed to the order leader that asks for them', async (t) => {
  const { store, handler, ask } = await openStore();
  await store.propose(['rules', 3, { restockTo: 0, bundled: [] }]);
  const [older, order] = [new FakeFrontend(), new FakeFrontend()];
  await ask(older, 'tail', [1, 1, true]);
  await ask(order, 'tail', [1, 1, false, 1]);
  await store.proposePurchases(1, [byClient('a', [[1, 2]])]);
  const key = [digest('c'), 1, digest('').slice(0, 8), 0] as const;
  const lines = [[1, 'Tux', 2, 1990]] as const;
  const cancel = ['cancel', key, 1, lines, null, null, true, null] as const;
  t.same(await store.proposeTrades(1, [cancel]), [['cancelled', 1, 1, false]]);
  const { lastLogTime } = store.machine;
  t.same(await ask(new FakeFrontend(), 'last_sale', [2, 1]), [1, lastLogTime, 1, 0]);
  t.same(
    order.notified.map(([method]) => method),
    ['sales', 'cancellations'],
  );
  t.notOk(older.notified.some(([method]) => method === 'cancellations'));
  handler.notification(order, 'cursor', [1, 1, 1]);
  t.equal(store.cancellationStream.confirmed, 1);
  await store.propose(['cursor', 1, 1]);
  await t.rejects(ask(order, 'tail', [2, 1, true, 1]), { code: 'conflict' });
});

t.test('movements are streamed to the order leader that asks for them', async (t) => {
  const { store, handler, ask } = await openStore();
  t.notOk(handler.ledgerWanted);
  const [older, order] = [new FakeFrontend(), new FakeFrontend()];
  await ask(older, 'tail', [1, 1, true, 1]);
  t.notOk(handler.ledgerWanted, 'an order leader of an older build does not ask');
  await ask(order, 'tail', [1, 1, true, 1, 1]);
  t.ok(handler.ledgerWanted);
  await store.propose(['rules', 4, { restockTo: 0, bundled: [] }]);
  await store.proposePurchases(1, [byClient('a', [[1, 2]])]);
  const methods = () => order.notified.map(([method]) => method);
  t.match(await ask(new FakeFrontend(), 'last_sale', [1]), [1]);
  t.same(methods(), ['sales'], 'only a read of the ledger waits for movements');
  t.match(
    await ask(new FakeFrontend(), 'last_sale', [9, 9, 1]),
    [1, Number, 0, 2],
    'the opening, and the sale',
  );
  t.same(methods(), ['sales', 'movements']);
  t.notOk(older.notified.some(([method]) => method === 'movements'));
  handler.notification(order, 'cursor', [1, 1, 0, 2]);
  t.equal(store.movementStream.confirmed, 2);
  await store.propose(['cursor', 1, 0, 2]);
  await t.rejects(ask(order, 'tail', [2, 1, true, 1, 1]), { code: 'conflict' });
});
