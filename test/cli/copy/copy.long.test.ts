/** Copies between a data folder and a real database: what goes along, what is refused, how it continues. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { backUp } from '../../../src/cli/backup/backup-run.js';
import { copyToDatabase, copyToFolder, type Reports } from '../../../src/cli/copy/copy-run.js';
import { openFolder } from '../../../src/cli/copy/folder-source.js';
import { planCluster } from '../../../src/cli/launcher/store-plan.js';
import { lockFolder } from '../../../src/storage/folder-lock.js';
import { decode, encode } from '../../../src/wire/codec.js';
import type { Sale } from '../../../src/wire/internal.js';
import { tradesAt } from '../../catalog/tables/trades.js';
import type { TestDatabase } from '../../support/postgres-server.js';
import { clock } from '../backup/members.js';
import {
  cancelledLog,
  emptyStore,
  first,
  fullLog,
  heldLog,
  startCatalog,
  untilWritten,
  writeStore,
} from './stores.js';

const quiet: Reports = { say: () => {}, progress: () => {} };
const members = { catalogs: 2, orders: 1, recovery: 0 };
const cluster = planCluster({ host: '127.0.0.1', portOffset: 0, ...members });

async function stage(t: Test, orders?: number) {
  const root = t.testdir();
  const dataDir = join(root, 'data');
  const log = fullLog(orders);
  await writeStore(dataDir, log);
  return { root, dataDir, log, database: await emptyStore(t) };
}

/** Stops after the first piece of orders. */
function interrupted(): Reports {
  return {
    say: () => {},
    progress(phase) {
      if (phase === 'orders') throw new Error('interrupted');
    },
  };
}

/** The outcome of a repetition of the first purchase. */
function repeat(machine: CatalogMachine) {
  const command = encode(['sell', 9, 1_000, [first]]);
  const entry = { seq: machine.appliedSeq + 1, epoch: 9, time: machine.lastLogTime, command };
  const result = machine.apply(entry);
  return result.kind === 'sell' ? result.outcomes[0] : undefined;
}

function countOf(database: TestDatabase, table: string): Promise<number> {
  return database
    .query<{ count: string }>(`SELECT count(*) FROM ${table}`)
    .then(([row]) => Number(row?.count));
}

t.test('a data folder goes to a database and back', async (t) => {
  const { root, dataDir, log, database } = await stage(t);
  const hash = log.machine.hash();
  const there = await copyToDatabase(dataDir, database, quiet);
  t.same(there.differences, []);
  t.match(there.target, { orders: 6, products: 2, state: hash, changeKeys: 1, frontendKeys: 1 });
  t.equal(await countOf(database, 'log'), 0);
  t.match(await database.query('SELECT group_name, epoch, log_end_seq FROM leaders ORDER BY 1'), [
    { group_name: 'catalog', epoch: '6', log_end_seq: String(log.machine.appliedSeq) },
    { group_name: 'order', epoch: '7' },
  ]);
  const target = join(root, 'back');
  const back = await copyToFolder(database, target, cluster, quiet);
  t.same(back.differences, []);
  t.equal(back.target.state, hash);
  t.equal(back.target.book, there.source.book, 'orders with keys, lines and times');
  t.same(readdirSync(target).sort(), ['catalog-1', 'catalog-2', 'cluster.json', 'order-1']);
  const restored = await openFolder(target);
  await restored.close();
  t.same(restored.epochs, { catalog: 6, order: 7 });
  t.same(restored.machine.registered(), log.machine.registered());
  t.equal(restored.machine.clientKeysMax, 5_000);
  t.same(restored.machine.byId(1), log.machine.byId(1), 'version and target');
  t.same(repeat(restored.machine), repeat(log.machine));
  t.same(repeat(restored.machine)?.slice(0, 2), ['sold', 1]);
});

t.test('a store that ran on the copy goes back with its later orders', async (t) => {
  const { root, dataDir, log, database } = await stage(t);
  await copyToDatabase(dataDir, database, quiet);
  const running = await startCatalog(database);
  const { store } = running;
  t.equal(store.status().epoch, 7, 'above every former epoch');
  t.same((await store.proposePurchases(9, [first]))[0]?.slice(0, 2), ['sold', 1]);
  const later = [...first];
  later[0] = new Uint8Array(16);
  const [bought] = await store.proposePurchases(9, [later as never]);
  t.same(bought?.slice(0, 2), ['sold', 7]);
  await untilWritten(database, store);
  await running.stop();
  const back = await copyToFolder(database, join(root, 'back'), cluster, quiet);
  t.same(back.differences, []);
  t.match(back.target, { orders: 7, state: store.machine.hash() });
  t.ok(back.target.seq > log.machine.appliedSeq, 'the log continues');
});

t.test('a backup is copied as the store is', async (t) => {
  const { root, dataDir, log, database } = await stage(t);
  const folder = join(root, 'backup');
  await backUp({ dataDir, folder, clock, report: () => {} });
  const { differences, target } = await copyToDatabase(folder, database, quiet);
  t.same(differences, []);
  t.equal(target.state, log.machine.hash());
});

t.test('an interrupted copy never starts, and continues', async (t) => {
  const { root, dataDir, log, database } = await stage(t, 3_000);
  await t.rejects(copyToDatabase(dataDir, database, interrupted()), { message: 'interrupted' });
  t.equal(await countOf(database, 'orders'), 2_048);
  const refusal = { code: 'conflict', message: /holds an unfinished copy of .*data; run the same/ };
  await t.rejects(startCatalog(database), refusal);
  await t.rejects(copyToFolder(database, join(root, 'back'), cluster, quiet), refusal);

  const said: string[] = [];
  const phases: [string, number][] = [];
  const reports: Reports = {
    say: (line) => said.push(line),
    progress: (phase, done) => phases.push([phase, done]),
  };
  const { differences, target } = await copyToDatabase(dataDir, database, reports);
  t.same(differences, []);
  t.equal(target.state, log.machine.hash());
  t.ok(said.includes('continuing an unfinished copy at order 2048'));
  t.same(phases[0], ['orders', 3_000], 'products and first orders are not written again');
  await (await startCatalog(database)).stop();
});

t.test('an unfinished copy of another state is not continued', async (t) => {
  const { root, dataDir, database } = await stage(t);
  await t.rejects(copyToDatabase(dataDir, database, interrupted()), { message: 'interrupted' });
  const other = join(root, 'other');
  await writeStore(other, fullLog(7));
  await t.rejects(copyToDatabase(other, database, quiet), {
    code: 'conflict',
    message: /a copy of another state, from .*data: drop the schema/,
  });
});

t.test('a target that is not empty is refused and not changed', async (t) => {
  const { dataDir, database } = await stage(t);
  await copyToDatabase(dataDir, database, quiet);
  await t.rejects(copyToDatabase(dataDir, database, quiet), {
    code: 'conflict',
    message: /is not empty: copy into a schema that bazar store init has made/,
  });
  await t.rejects(copyToFolder(database, dataDir, cluster, quiet), {
    code: 'conflict',
    message: /already has a store \(catalog-1, order-1\)/,
  });
  t.equal(await countOf(database, 'orders'), 6);
});

t.test('a store that runs is not copied', async (t) => {
  const { dataDir, database } = await stage(t);
  const lock = await lockFolder(join(dataDir, 'order-1'));
  await t.rejects(copyToDatabase(dataDir, database, quiet), {
    code: 'conflict',
    message: /the store runs: .*order-1\/lock is held by process \d+; stop the store/,
  });
  lock.release();
  t.equal(await countOf(database, 'products'), 0);
});

t.test('a leader that appears during the copy stops it', async (t) => {
  const { dataDir, database } = await stage(t, 3_000);
  let taken: Promise<unknown> | undefined;
  const takeLead: Reports = {
    say: () => {},
    progress() {
      taken ??= database.query('UPDATE leaders SET epoch = epoch + 1');
    },
  };
  await t.rejects(copyToDatabase(dataDir, database, takeLead), {
    code: 'conflict',
    message: /another process has taken the lead/,
  });
  await taken;
});

t.test('holds go to a database and back, and go on there', async (t) => {
  const root = t.testdir();
  const [dataDir, target] = [join(root, 'data'), join(root, 'back')];
  const log = heldLog();
  await writeStore(dataDir, log);
  const database = await emptyStore(t);
  const there = await copyToDatabase(dataDir, database, quiet);
  t.same(there.differences, []);
  t.match(there.target, { holds: 4, uses: 4, orders: 7, state: log.machine.hash() });
  t.same(await database.query('SELECT number::int FROM orders WHERE customer IS NOT NULL'), [
    { number: 7 },
  ]);
  t.same(await database.query('SELECT serial::int, state FROM holds ORDER BY serial'), [
    { serial: 2, state: 'open' },
    { serial: 3, state: 'confirmed' },
    { serial: 4, state: 'expired' },
    { serial: 5, state: 'open' },
  ]);
  const running = await startCatalog(database);
  const { store } = running;
  const { release, hold } = tradesAt(store.machine.lastLogTime);
  const later = hold('later', [[1, 1]], { customer: 'Eve' });
  await store.propose(['trade', 9, 1_000, [release('last'), later]]);
  await untilWritten(database, store);
  await running.stop();
  const back = await copyToFolder(database, target, cluster, quiet);
  t.same(back.differences, []);
  t.match(back.target, { holds: 5, uses: 4, state: store.machine.hash() });
});

t.test('cancellations go to a database and back, and go on there', async (t) => {
  const root = t.testdir();
  const [dataDir, target] = [join(root, 'data'), join(root, 'back')];
  const log = cancelledLog();
  await writeStore(dataDir, log);
  const database = await emptyStore(t);
  const there = await copyToDatabase(dataDir, database, quiet);
  t.same(there.differences, []);
  t.match(there.target, { cancellations: 3, orders: 7, state: log.machine.hash() });
  t.same(
    await database.query(
      'SELECT number::int, order_number::int AS order, batch::int FROM cancellations',
    ),
    [
      { number: 1, order: 1, batch: 0 },
      { number: 2, order: 2, batch: 2 },
      { number: 3, order: 1, batch: 2 },
    ],
    'the first one is older than what the catalog holds',
  );
  const running = await startCatalog(database);
  const { store } = running;
  const [sale] = log.machine
    .view()
    .sales()
    .flatMap(([, , bytes]) => decode(bytes) as Sale[])
    .slice(2);
  if (!sale) throw new Error('nothing was sold');
  const { cancel } = tradesAt(store.machine.lastLogTime);
  await store.propose(['trade', 9, 1_000, [cancel('later', sale)]]);
  await untilWritten(database, store);
  await running.stop();
  const back = await copyToFolder(database, target, cluster, quiet);
  t.same(back.differences, []);
  t.match(back.target, { cancellations: 4, state: store.machine.hash() });
});
