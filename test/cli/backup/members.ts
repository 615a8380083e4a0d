/** Writes members' folders with logs of their own. Helper of the tests of backups and copies. */
import { join } from 'node:path';
import type { Clock } from '../../../src/base/clock.js';
import type { Entry } from '../../../src/consensus/types.js';
import { createNodeDisk } from '../../../src/storage/node-disk.js';
import { openJournal } from '../../../src/storage/open-journal.js';
import { encode } from '../../../src/wire/codec.js';
import type { SalesMessage } from '../../../src/wire/internal.js';
import { byFrontend, type CatalogLog, toyLog } from '../../catalog/log-builder.js';

/** Waits for nothing. */
export const clock: Clock = {
  nowMs: () => 0,
  wallMs: () => 1_700_000_000_000,
  afterTurn: (callback) => void setImmediate(callback),
  after(_ms, callback) {
    setImmediate(callback);
    return { cancel: () => {} };
  },
};

/** A catalog that has made so many sales of one Tux each. */
export function soldLog(sales: number): CatalogLog {
  const log = toyLog();
  for (let n = 1; n <= sales; n++) log.sell(byFrontend(`purchase ${n}`, [[1, 1]]));
  return log;
}

const orders = ([first, count, sales]: SalesMessage): Uint8Array =>
  encode(['orders', first, count, sales]);

/** The orders 1 to `count`, each in an entry of its own. */
export function bookOf(count: number, log: CatalogLog = soldLog(count)): Entry[] {
  return Array.from({ length: count }, (_none, i) => {
    return { seq: i + 1, epoch: 1, time: 0, command: orders(log.sales(i + 1, 1)) };
  });
}

const small = { segmentBytes: 64 * 1024, batchBytesMax: 32 * 1024 };

export async function writeLog(
  folder: string,
  entries: readonly Entry[],
  epoch = 1,
): Promise<void> {
  const journal = await openJournal(createNodeDisk(), join(folder, 'journal'), small);
  journal.append([{ kind: 'promise', epoch, leader: 'x' }]);
  journal.append(entries.map((entry) => ({ kind: 'entry', entry: { ...entry, epoch } })));
  await journal.close();
}
