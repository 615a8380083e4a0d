/**
 * Copies of members' folders whatever state they are in: what of the order book the catalog's copy
 * answers for, what is refused, and what a restored store begins with.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { backUp } from '../../../src/cli/backup/backup-run.js';
import { restore } from '../../../src/cli/backup/restore-run.js';
import { planCluster } from '../../../src/cli/launcher/store-plan.js';
import { createNodeDisk } from '../../../src/storage/node-disk.js';
import { SnapshotStore } from '../../../src/storage/snapshot-store.js';
import { byFrontend } from '../../catalog/log-builder.js';
import { bookOf, clock, soldLog, writeLog } from './members.js';

function stage(t: Test) {
  const root = t.testdir();
  const dataDir = join(root, 'data');
  const copy = join(root, 'copy');
  const report = () => {};
  return {
    root,
    dataDir,
    copy,
    member: (name: string, entries: Parameters<typeof writeLog>[1], epoch?: number) =>
      writeLog(join(dataDir, name), entries, epoch),
    backUp: () => backUp({ dataDir, folder: copy, clock, report }),
    restore: (to = 'restored', members = { catalogs: 1, orders: 1, recovery: 0 }) => {
      const cluster = planCluster({ host: '127.0.0.1', portOffset: 0, ...members });
      return restore({ folder: copy, dataDir: join(root, to), cluster, report });
    },
  };
}

t.test('an order book that is ahead of the catalog’s copy is cut to it', async (t) => {
  const { member, backUp } = stage(t);
  await member('catalog-1', soldLog(3).entries);
  await member('order-1', bookOf(5));
  const { catalog, order } = await backUp();
  t.match({ catalog, order }, { catalog: { sales: 3, products: 2 }, order: { orders: 3 } });
});

t.test('sales that are not yet orders are in the copy as sales', async (t) => {
  const { member, backUp } = stage(t);
  const log = soldLog(4);
  log.append(['cursor', 2]);
  await member('catalog-1', log.entries);
  await member('order-1', bookOf(2));
  t.match(await backUp(), { catalog: { sales: 4 }, order: { orders: 2 } });
});

t.test(
  'an order that differs from the catalog’s sale is left out, with all later ones',
  async (t) => {
    const { member, backUp } = stage(t);
    const log = soldLog(4);
    const other = soldLog(2);
    other.sell(byFrontend('somebody else', [[2, 1]]));
    other.sell(byFrontend('and another', [[1, 2]]));
    await member('catalog-1', log.entries);
    await member('order-1', bookOf(4, other));
    t.match(await backUp(), { catalog: { sales: 4 }, order: { orders: 2 } });
  },
);

t.test('a replica without known orders is skipped for one that has them', async (t) => {
  const { member, backUp } = stage(t);
  const log = soldLog(4);
  log.append(['cursor', 4]);
  await member('catalog-1', log.entries);
  await member('order-1', bookOf(3));
  await member('order-2', bookOf(4));
  t.match(await backUp(), { order: { from: 'order-2', orders: 4 } });
});

t.test('the backup fails if no replica has the known orders', async (t) => {
  const { member, backUp, restore } = stage(t);
  const log = soldLog(4);
  log.append(['cursor', 4]);
  await member('catalog-1', log.entries);
  await member('order-1', bookOf(3));
  await t.rejects(backUp(), {
    code: 'unavailable',
    message: /has 3 orders, but the catalog has confirmed 4/,
  });
  await t.rejects(restore(), { code: 'not_found', message: /not a copy of a store/ });
});

t.test(
  'the backup uses the catalog with the newest log: the later epoch, then the longer',
  async (t) => {
    const { member, backUp } = stage(t);
    await member('catalog-1', soldLog(2).entries, 3);
    await member('catalog-2', soldLog(4).entries, 2);
    await member('order-1', []);
    t.match(await backUp(), { catalog: { from: 'catalog-1', sales: 2, epoch: 3 } });
  },
);

t.test('a log that begins behind a snapshot is copied with it', async (t) => {
  const { member, backUp, restore, dataDir, root } = stage(t);
  const log = soldLog(3);
  const { appliedSeq: seq } = log.machine;
  const snapshots = new SnapshotStore(createNodeDisk(), join(dataDir, 'catalog-1', 'snapshots'));
  const label = { seq, epoch: 1, time: 0, hash: log.machine.hash() };
  await snapshots.save(label, log.machine.snapshot());
  log.sell(byFrontend('purchase 4', [[1, 1]]));
  await member('catalog-1', log.entries.slice(seq));
  await member('order-1', bookOf(4));
  const { catalog } = await backUp();
  t.match(catalog, { sales: 4, state: log.machine.hash(), seq: seq + 1 });
  await restore();
  t.equal(readdirSync(join(root, 'restored', 'catalog-1', 'snapshots')).length, 2);
});

t.test('a log that ends with its snapshot is that snapshot', async (t) => {
  const { member, backUp, dataDir } = stage(t);
  const log = soldLog(3);
  const { appliedSeq: seq } = log.machine;
  const snapshots = new SnapshotStore(createNodeDisk(), join(dataDir, 'catalog-1', 'snapshots'));
  await snapshots.save(
    { seq, epoch: 1, time: 0, hash: log.machine.hash() },
    log.machine.snapshot(),
  );
  await member('catalog-1', []);
  await member('order-1', bookOf(3));
  t.match(await backUp(), { catalog: { sales: 3, seq }, order: { orders: 3 } });
});

t.test('a copy that does not balance is refused', async (t) => {
  const { member, backUp } = stage(t);
  const log = soldLog(3);
  log.append(['cursor', 3]);
  const other = soldLog(2);
  other.sell(byFrontend('somebody else', [[2, 1]]));
  await member('catalog-1', log.entries);
  await member('order-1', bookOf(3, other));
  await t.rejects(backUp(), { code: 'internal', message: /does not balance: .*Whale/ });
});

t.test('a folder that is not empty, or has no store, is refused', async (t) => {
  const { member, backUp, copy, dataDir } = stage(t);
  await t.rejects(backUp(), { code: 'not_found', message: /no catalog replica/ });
  await member('catalog-1', soldLog(1).entries);
  await t.rejects(backUp(), { code: 'not_found', message: /no order replica/ });
  await member('order-1', []);
  writeFileSync(join(copy, 'mine.txt'), '');
  await t.rejects(backUp(), { code: 'conflict', message: /is not empty/ });
  t.ok(existsSync(join(dataDir, 'order-1')));
});

t.test('every replica of a restored store begins with the copy', async (t) => {
  const { root, member, backUp, restore, copy } = stage(t);
  await member('catalog-1', soldLog(3).entries);
  await member('order-1', bookOf(3));
  await backUp();
  await restore('restored', { catalogs: 2, orders: 3, recovery: 1 });
  const restored = join(root, 'restored');
  const names = ['catalog-1', 'catalog-2', 'order-1', 'order-2', 'order-3', 'recovery-1'];
  t.same(readdirSync(restored).sort(), [...names, 'cluster.json'].sort(), 'and nothing else');
  for (const name of names.slice(0, -1)) {
    const half = name.replace(/-\d$/, '');
    const [there, made] = [join(restored, name), join(copy, half)].map((folder) =>
      readFileSync(join(folder, 'journal', '00000001.pack')),
    );
    t.same(there, made, name);
    t.match(JSON.parse(readFileSync(join(restored, name, 'identity.json'), 'utf8')), {
      id: name,
      learner: false,
    });
  }
});

t.test('a data folder with a store is not changed', async (t) => {
  const { root, member, backUp, restore } = stage(t);
  await member('catalog-1', soldLog(1).entries);
  await member('order-1', []);
  await backUp();
  await t.rejects(restore('data'), { code: 'conflict', message: /already has a store/ });
  t.same(readdirSync(join(root, 'data')).sort(), ['catalog-1', 'order-1']);
});

t.test('an interrupted restore can be repeated', async (t) => {
  const { root, member, backUp, restore } = stage(t);
  await member('catalog-1', soldLog(1).entries);
  await member('order-1', []);
  await backUp();
  await writeLog(join(root, 'restored', '.restoring', 'catalog-9'), []);
  await restore();
  t.same(readdirSync(join(root, 'restored')).sort(), ['catalog-1', 'cluster.json', 'order-1']);
});

t.test('a copy with a changed or missing file is not restored', async (t) => {
  const { root, member, backUp, restore, copy } = stage(t);
  await member('catalog-1', soldLog(2).entries);
  await member('order-1', bookOf(2));
  await backUp();
  const path = join(copy, 'order', 'journal', '00000001.pack');
  const bytes = readFileSync(path);
  const changed = Buffer.from(bytes);
  changed[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(path, changed);
  await t.rejects(restore(), { message: /00000001\.pack has been changed/ });
  rmSync(path);
  await t.rejects(restore(), { message: /00000001\.pack is missing/ });
  t.notOk(existsSync(join(root, 'restored', 'cluster.json')));
  writeFileSync(path, bytes);
  t.ok(await restore());
});
