/** Copies of stores with movements of stock: backups, and the copy of a data folder as a backup. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { backUp } from '../../../src/cli/backup/backup-run.js';
import { auditDifferences, auditStore } from '../../../src/cli/copy/audit-store.js';
import { openFolder } from '../../../src/cli/copy/folder-source.js';
import { writeBackup } from '../../../src/cli/copy/write-backup.js';
import type { Entry } from '../../../src/consensus/types.js';
import { movementsCommand } from '../../../src/order/movement-command.js';
import { decode, encode } from '../../../src/wire/codec.js';
import type { OrderCommand } from '../../../src/wire/internal.js';
import { type Movement, movementCauses } from '../../../src/wire/movement.js';
import { byFrontend, type CatalogLog, toyLog } from '../../catalog/log-builder.js';
import { clock, writeLog } from './members.js';

const sales = 6;
/** An opening of both products, the sales, and the removal. */
const moved = 2 + sales + 1;

/** A catalog with rules 4 that has sold a Tux so many times, and then removed the Whale. */
function movedLog(): CatalogLog {
  const log = toyLog();
  log.append(['rules', 4, { restockTo: 0, bundled: [] }]);
  for (let n = 1; n <= sales; n++) log.sell(byFrontend(`purchase ${n}`, [[1, 1]]));
  log.append(['remove', 2, null]);
  return log;
}

/** All orders, and the movements through `last`; each entry has one. */
function bookOf(log: CatalogLog, last: number, change = (one: Movement): Movement => one): Entry[] {
  const commands: OrderCommand[] = [['rules', 4]];
  for (let n = 1; n <= sales; n++) commands.push(['orders', ...log.sales(n, 1)]);
  const run = log.machine.movements.from(1, 1_000);
  for (const one of decode(run?.[2] ?? encode([])) as readonly Movement[]) {
    if (one[0] <= last) commands.push(movementsCommand([one[0], 1, encode([change(one)])]));
  }
  return commands.map((command, i) => {
    return { seq: i + 1, epoch: 1, time: 0, command: encode(command) };
  });
}

async function stage(t: Test, book: (log: CatalogLog) => Entry[], watermark = 0) {
  const root = t.testdir();
  const log = movedLog();
  const entries = book(log);
  if (watermark > 0) log.append(['cursor', sales, 0, watermark]);
  await writeLog(join(root, 'data', 'catalog-1'), log.entries);
  await writeLog(join(root, 'data', 'order-1'), entries);
  const [dataDir, folder] = [join(root, 'data'), join(root, 'copy')];
  const { last } = log.machine.movements;
  return {
    ...{ dataDir, folder, last },
    backUp: () => backUp({ dataDir, folder, clock, report: () => {} }),
  };
}

async function movementsIn(folder: string): Promise<number[]> {
  const source = await openFolder(folder);
  const numbers: number[] = [];
  for await (const some of source.movements(1)) {
    numbers.push(...some.map(({ number }) => number));
  }
  await source.close();
  return numbers;
}

const all = Array.from({ length: moved }, (_none, i) => i + 1);

t.test('a backup has all movements, in the book or in the catalog', async (t) => {
  for (const inBook of [0, 3, moved]) {
    const { backUp, folder, last } = await stage(t, (log) => bookOf(log, inBook), inBook);
    t.equal(last, moved);
    await backUp();
    t.same(await movementsIn(folder), all);
  }
});

t.test('a movement that is not the catalog’s is left out', async (t) => {
  const forged = (one: Movement): Movement =>
    one[0] === 4 ? ([...one.slice(0, 8), 5] as unknown as Movement) : one;
  const { backUp, folder } = await stage(t, (log) => bookOf(log, sales, forged));
  await backUp();
  t.same(await movementsIn(folder), all);
});

t.test('a book without the movements that the catalog has dropped is refused', async (t) => {
  const { backUp } = await stage(t, (log) => bookOf(log, 2), 4);
  await t.rejects(backUp(), {
    code: 'unavailable',
    message: /2 movements, but the catalog has confirmed 4/,
  });
});

t.test('a data folder without these movements is not copied', async (t) => {
  const { dataDir } = await stage(t, (log) => bookOf(log, 2), 4);
  await writeLog(join(dataDir, 'order-2'), bookOf(movedLog(), 1));
  await t.rejects(openFolder(dataDir), {
    code: 'unavailable',
    message: /the fullest has 2 movements, but the catalog has confirmed 4/,
  });
});

t.test('movements that do not leave the stock of the catalog are refused', async (t) => {
  const forged = (one: Movement): Movement => {
    const [number, id, cause, source, delta, reservedDelta, available, reserved, at] = one;
    const more = cause === movementCauses.opening ? 1 : 0;
    return [number, id, cause, source, delta + more, reservedDelta, available + 1, reserved, at];
  };
  const { backUp, dataDir } = await stage(t, (log) => bookOf(log, moved, forged), moved);
  await t.rejects(backUp(), { code: 'internal', message: /does not balance: .*by the movements/ });
  const source = await openFolder(dataDir);
  t.match((await auditStore(source)).problems, [/Tux.*by the movements/]);
  await source.close();
});

t.test('a data folder is copied with its movements', async (t) => {
  for (const inBook of [0, 4, moved]) {
    const { dataDir, folder } = await stage(t, (log) => bookOf(log, inBook), inBook);
    const source = await openFolder(dataDir);
    await writeBackup(source, folder, new Date(0).toISOString(), () => {});
    const target = await openFolder(folder);
    const audits = [await auditStore(source), await auditStore(target)] as const;
    t.same(auditDifferences(...audits), []);
    t.match(audits[0].ledger, /./);
    t.equal(audits[0].ledger, audits[1].ledger);
    await Promise.all([source.close(), target.close()]);
    t.same(await movementsIn(folder), all);
  }
});
