import t from 'tap';
import { byClient, byFrontend, digest, hour, product } from '../log-builder.js';
import { TableLog } from './table-log.js';
import { assertShows, Replica, restoredReplica } from './table-store.js';
import { TablesModel } from './tables-model.js';
import { tradesAt } from './trades.js';

const minute = 60_000;

t.test('a write brings each touched product once, with its present values', async (t) => {
  const log = new TableLog();
  log.write();
  log.sell(byClient('a', [[1, 3]]));
  log.sell(byClient('b', [[1, 2]]));
  log.append(['update', 1, { priceCents: 5, restockTo: 90 }]);
  const changes = log.leader.tables.changes();
  t.same(changes?.products, [
    {
      ...{ id: 1, name: 'Tux', topic: 'toys', priceCents: 5, quantity: 95, version: 4 },
      ...{ received: 100, sold: 5, removed: false, restockTo: 90, reserved: 0, returned: 0 },
      ...{ limitQuantity: null, limitWindowSeconds: null },
    },
  ]);
  t.equal(changes?.appliedSeq, 5);
  t.equal(changes?.lastOrder, 2);
});

t.test('a removed product stays a row, with balanced books', async (t) => {
  const log = new TableLog();
  log.sell(byClient('a', [[2, 2]]));
  log.append(['remove', 2, null]);
  log.write();
  const row = log.model.productRows.get(2);
  t.match(row, { removed: true, quantity: 0, received: 2, sold: 2 });
});

t.test('orders carry the log position of their sale', async (t) => {
  const log = new TableLog();
  log.sell(byClient('a', [[1, 1]]), byFrontend('b', [['Whale', 2]]));
  log.append();
  log.sell(byClient('c', [[1, 1]]));
  log.write();
  const seqs = [...log.model.orderRows.values()].map(({ number, seq }) => [number, seq]);
  t.same(seqs, [
    [1, 3],
    [2, 3],
    [3, 5],
  ]);
  t.same(log.model.orderRows.get(2), {
    ...{ number: 2, key: digest('b'), totalCents: 1_400, at: 1_000, seq: 3, customer: null },
    lines: [{ productId: 2, name: 'Whale', quantity: 2, priceCents: 700 }],
  });
});

t.test('the stored outcome of a key is written, refusals too', async (t) => {
  const log = new TableLog();
  log.sell(byClient('a', [[1, 2]]), byClient('b', [[2, 9]]), byFrontend('c', [['Cow', 1]]));
  log.write();
  const { client, frontend } = log.model.keyRows;
  const hash = digest(JSON.stringify([[1, 2]])).slice(0, 8);
  const sold = { code: 0, first: 1, second: 3_980, time: 0 };
  t.same(client.get(1), {
    ...{ kind: 'client', ordinal: 1, digest: digest('a'), requestHash: hash },
    ...sold,
  });
  t.match(client.get(2), { digest: digest('b'), code: 1, first: 2, second: 5 });
  t.match(frontend.get(1), { kind: 'frontend', requestHash: new Uint8Array(8), code: 2, first: 0 });
  t.equal(client.size + frontend.size, 3);
});

t.test('what is applied while a write is under way comes with the next one', async (t) => {
  const log = new TableLog();
  log.sell(byClient('a', [[1, 1]]));
  const changes = log.leader.tables.changes();
  log.sell(byClient('b', [[1, 1]]));
  log.change('c', ['add', product('Bear')]);
  if (!changes) throw new Error('there are changes');
  log.model.write(changes);
  log.leader.tables.written(changes);
  const later = log.leader.tables.changes();
  t.same(
    later?.products.map(({ id }) => id),
    [1, 3],
  );
  t.same(
    later?.orders.map(({ number }) => number),
    [2],
  );
  t.same(
    later?.purchaseKeys.map(({ ordinal }) => ordinal),
    [2],
  );
  t.same(
    later?.changeKeys.map(({ ordinal }) => ordinal),
    [1],
  );
  log.write();
  t.equal(log.leader.tables.changes(), undefined);
  await assertShows(log.model, log.leader.machine.hash());
});

t.test('a write that failed is made again, with what came since', async (t) => {
  const log = new TableLog();
  log.sell(byClient('a', [[1, 1]]));
  t.ok(log.leader.tables.changes());
  log.sell(byClient('b', [[1, 1]]));
  log.write();
  t.equal(log.model.orderRows.size, 2);
  await assertShows(log.model, log.leader.machine.hash());
});

t.test('exactly the rows of expired keys are deleted', async (t) => {
  const log = new TableLog();
  log.sell(byClient('a', [[1, 1]]), byFrontend('b', [[1, 1]]));
  log.change('c', ['update', 1, { add: 1 }]);
  log.pass(minute);
  log.sell(byClient('d', [[1, 1]]), byFrontend('e', [[1, 1]]));
  log.change('f', ['update', 1, { add: 1 }]);
  log.append(['cursor', 3]);
  log.write();
  const ordinals = () => {
    const { keyRows, changeRows } = log.model;
    return [keyRows.client, keyRows.frontend, changeRows].map((rows) => [...rows.keys()]);
  };
  const both = [1, 2];
  t.same(ordinals(), [both, both, both]);
  log.pass(minute);
  log.write();
  t.same(ordinals(), [both, [2], both], "a frontend's key is kept for two minutes");
  log.pass(minute);
  log.write();
  t.same(ordinals(), [both, [2], both], 'order 4 is not projected');
  log.append(['cursor', 4]);
  log.append();
  log.write();
  t.same(ordinals(), [both, [], both]);
  log.pass(24 * hour - 3 * minute);
  log.write();
  t.same(ordinals(), [[2], [], [2]]);
  await assertShows(log.model, log.leader.machine.hash());

  log.sell(byClient('g', [[1, 1]], { seenTime: log.time }));
  log.sell(byFrontend('h', [[1, 1]], { seenTime: log.time }));
  log.write();
  t.same(ordinals(), [[2, 3], [3], [2]], 'ordinals are never used twice');
  const restored = await restoredReplica(log.model);
  log.sell(byFrontend('i', [[1, 1]], { seenTime: log.time }));
  log.pass(minute);
  restored.applyThrough(log.entries, log.entries.length);
  t.same(restored.tables.changes(), log.leader.tables.changes());
});

t.test('keys that expire before they are written are never written', async (t) => {
  const log = new TableLog();
  log.sell(byFrontend('a', [[1, 1]]));
  log.append(['cursor', 1]);
  log.pass(2 * minute);
  log.write();
  t.equal(log.model.keyRows.frontend.size, 0);
  log.sell(byFrontend('b', [[1, 1]], { seenTime: log.time }));
  log.write();
  t.same([...log.model.keyRows.frontend.keys()], [2]);
});

t.test('a follower that takes over writes what the tables lack, and no more', async (t) => {
  const log = new TableLog();
  log.sell(byClient('a', [[1, 1]]));
  log.write();
  const { row } = log.model;
  log.sell(byClient('b', [[2, 1]]));
  const follower = new Replica();
  follower.applyThrough(log.entries, log.entries.length);
  t.ok(follower.tables.continueFrom(row));
  t.same(follower.tables.changes(), log.leader.tables.changes());
  t.same(
    follower.tables.changes()?.products.map(({ id }) => id),
    [2],
  );
});

t.test('a new leader that is behind the tables writes only after it has passed them', async (t) => {
  const log = new TableLog();
  const follower = new Replica();
  follower.applyThrough(log.entries, log.entries.length);
  log.sell(byClient('a', [[1, 1]]));
  log.write();
  t.ok(follower.tables.continueFrom(log.model.row));
  t.equal(follower.tables.changes(), undefined);
  log.sell(byClient('b', [[2, 1]]));
  follower.applyThrough(log.entries, 3);
  t.equal(follower.tables.changes(), undefined);
  follower.applyThrough(log.entries, 4);
  t.same(follower.tables.changes(), log.leader.tables.changes());
});

t.test('a replica that forgot what the tables lack refuses, and can restore itself', async (t) => {
  const log = new TableLog();
  log.write();
  const behind = log.model.row;
  const follower = new Replica(undefined, { sales: 2 });
  for (const key of ['a', 'b', 'c']) log.sell(byClient(key, [[1, 1]]));
  follower.applyThrough(log.entries, log.entries.length);
  t.equal(follower.tables.continueFrom(behind), false);
  const restored = await restoredReplica(log.model);
  restored.applyThrough(log.entries, log.entries.length);
  t.ok(restored.tables.continueFrom(behind));
  restored.write(log.model);
  await assertShows(log.model, log.leader.machine.hash());
  t.ok(follower.tables.continueFrom(log.model.row), 'the tables have what it forgot');
});

t.test('a follower drops what its leader has written', async (t) => {
  const log = new TableLog();
  const follower = new Replica(undefined, { sales: 2 });
  for (const key of ['a', 'b', 'c', 'd']) {
    log.write();
    follower.tables.writtenThrough(log.model.row.appliedSeq);
    log.sell(byClient(key, [[1, 1]]));
    follower.applyThrough(log.entries, log.entries.length);
  }
  t.ok(follower.tables.continueFrom(log.model.row), 'it never held more than two sales');
  t.same(follower.tables.changes(), log.leader.tables.changes());
});

t.test('a replica restored from tables that a failover lost does not continue', async (t) => {
  const log = new TableLog();
  log.write();
  const kept = log.model.row;
  log.sell(byClient('a', [[1, 1]]));
  log.write();
  const restored = await restoredReplica(log.model);
  t.equal(restored.tables.continueFrom(kept), false);
});

t.test('one write of everything makes the same tables as many', async (t) => {
  const [log, model] = [new TableLog(), new TablesModel()];
  for (const key of ['a', 'b', 'c']) {
    log.sell(byClient(key, [[1, 1]]));
    log.write();
  }
  const replica = new Replica();
  replica.applyThrough(log.entries, log.entries.length);
  replica.write(model);
  t.same(model, log.model);
});

t.test('a write brings each changed hold once, and no holds to a store without any', async (t) => {
  const log = new TableLog(undefined, 3);
  const { hold, confirm, release, extend } = tradesAt(0);
  t.equal(log.leader.tables.changes()?.holds, undefined);
  log.write();
  log.trade(hold('one', [[1, 2]], { reference: 'cart 7' }), hold('two', [[1, 1]]));
  log.trade(extend('one', 90), release('none'));
  const { holds } = log.leader.tables.changes() ?? {};
  t.match(holds, { linesThrough: 0, gone: [], resolvedFrom: Number.MAX_SAFE_INTEGER });
  t.same(holds?.rows[0], {
    ...{ serial: 1, id: digest('one'), customer: null, state: 'open', ttlSeconds: 60 },
    ...{ openedTime: 0, openedMs: 1_000, endTime: 90_000, expiresMs: 91_000, orderNumber: null },
    ...{ reference: 'cart 7', lines: [{ productId: 1, quantity: 2, priceCents: 1_990 }] },
  });
  log.write();
  log.trade(confirm('one'));
  const changes = log.leader.tables.changes();
  t.match(changes?.holds, { linesThrough: 2, resolvedFrom: 0 });
  t.match(changes?.holds?.rows, [
    { serial: 1, state: 'confirmed', orderNumber: 1, expiresMs: null },
  ]);
  t.match(changes?.orders, [{ number: 1, totalCents: 3_980 }], 'a confirmed hold is a sale');
  t.match(changes?.products, [{ id: 1, quantity: 97, reserved: 1, sold: 2 }]);
  log.write();
  t.same(log.leader.tables.changes(), undefined);
  await assertShows(log.model, log.leader.machine.hash());
});

t.test('a replica forgets old changes of holds, and then restores itself', async (t) => {
  const log = new TableLog(undefined, 3);
  log.write();
  const behind = log.model.row;
  const follower = new Replica(undefined, { holds: 2 });
  const { hold, release } = tradesAt(0);
  log.trade(hold('one', [[1, 1]]), hold('two', [[1, 1]]));
  log.trade(release('one'));
  follower.applyThrough(log.entries, log.entries.length);
  t.ok(follower.tables.continueFrom(behind), 'two holds changed');
  t.same(follower.tables.changes(), log.leader.tables.changes());
  log.trade(hold('three', [[1, 1]]));
  follower.applyThrough(log.entries, log.entries.length);
  t.equal(follower.tables.continueFrom(behind), false);
  log.write();
  t.ok(follower.tables.continueFrom(log.model.row));
});
