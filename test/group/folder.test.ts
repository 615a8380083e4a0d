// A member's folder at start: repair, learners, and what a crash has left (docs/PROTOCOL.md, R10).
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ServiceConfig } from '../../src/base/config.js';
import { silentLogger } from '../../src/base/logging.js';
import { advised, type MemberFolder, openFolder, refuseGap } from '../../src/group/folder.js';
import { CorruptionError } from '../../src/storage/corruption.js';

interface Start {
  readonly init?: boolean;
  readonly repair?: boolean;
  readonly alone?: boolean;
}

function start(
  dataDir: string,
  { init, repair, alone = false }: Start = {},
): Promise<MemberFolder> {
  const here = { host: '127.0.0.1', port: 1 };
  const members = (...names: string[]) =>
    names.map((name) => ({ name, service: here, peer: here }));
  const cluster = {
    catalogs: members('catalog-1'),
    orders: members('order-1', ...(alone ? [] : ['order-2', 'order-3'])),
    recovery: [],
  };
  const config: Partial<ServiceConfig> = {
    ...{ name: 'order-1', cluster, dataDir },
    ...{ init: init === true, repair: repair === true },
  };
  const options = { group: 'order', keepAll: true, logger: silentLogger } as const;
  return openFolder(config as ServiceConfig, options);
}

/** A folder with three entries. */
async function founded(t: Test, alone = false): Promise<string> {
  const dataDir = t.testdir();
  const { journal, close } = await start(dataDir, { init: true, alone });
  for (let seq = 1; seq <= 3; seq++) {
    const entry = { seq, epoch: 1, time: seq, command: Buffer.from(`command ${seq}`) };
    const durable = new Promise((resolve) => journal.onDurable(resolve));
    journal.append([{ kind: 'entry', entry }]);
    await durable;
  }
  await close();
  return dataDir;
}

function journalFile(dataDir: string): string {
  return join(dataDir, 'order-1', 'journal', '00000001.seg');
}

/** Turns a bit of the second entry's batch. */
function corrupt(dataDir: string): void {
  const bytes = readFileSync(journalFile(dataDir));
  const at = bytes.indexOf('command 2');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(journalFile(dataDir), bytes);
}

t.test('a corrupt journal is refused, and the folder is unchanged', async (t) => {
  const dataDir = await founded(t);
  corrupt(dataDir);
  const before = readFileSync(journalFile(dataDir));
  await t.rejects(start(dataDir), { code: 'corruption', file: journalFile(dataDir) });
  t.ok(readFileSync(journalFile(dataDir)).equals(before));
  t.equal(readdirSync(join(dataDir, 'order-1')).includes('lock'), false, 'nobody holds it');
});

t.test('a repair makes a learner, which only its group can make a voter again', async (t) => {
  const dataDir = await founded(t);
  corrupt(dataDir);
  const repaired = await start(dataDir, { repair: true });
  t.match(repaired.journal.dropped, { fromSeq: 2, throughSeq: 3 });
  t.equal(repaired.identity.learner, true);
  await repaired.close();
  const later = await start(dataDir);
  t.equal(later.identity.learner, true, 'after a restart without the flag, too');
  await later.close();
});

t.test('a restart with --repair after the repair keeps the vote', async (t) => {
  const dataDir = await founded(t);
  corrupt(dataDir);
  const repaired = await start(dataDir, { repair: true });
  await repaired.identity.admit();
  t.equal(repaired.identity.learner, false);
  await repaired.close();
  const again = await start(dataDir, { repair: true });
  t.equal(again.identity.learner, false);
  t.equal(again.journal.dropped, undefined);
  await again.close();
});

t.test('a replica without other members stays a voter after a repair', async (t) => {
  const dataDir = await founded(t, true);
  corrupt(dataDir);
  const repaired = await start(dataDir, { repair: true, alone: true });
  t.equal(repaired.identity.learner, false);
  t.equal(repaired.journal.lastSeq(), 1);
  await repaired.close();
});

t.test('remains of a snapshot from before a crash are removed at start', async (t) => {
  const dataDir = await founded(t);
  const { snapshots, snapshotFolder, close } = await start(dataDir);
  await snapshots.save({ seq: 1, epoch: 1, time: 1, hash: 'h' }, [Buffer.from('state')]);
  await close();
  writeFileSync(join(snapshotFolder, 'incoming.1-0-1.tmp'), 'half');
  writeFileSync(join(snapshotFolder, 'snapshot-0000000000000002.0000abcd.bulk'), 'no manifest');
  const again = await start(dataDir);
  t.equal(readdirSync(snapshotFolder).length, 2);
  t.equal((await again.snapshots.newest())?.mark.seq, 1);
  await again.close();
});

t.test('a journal that does not reach back to the snapshot is refused by name', async (t) => {
  const dataDir = await founded(t);
  const { journal, ...folder } = await start(dataDir);
  const mark = (seq: number) => ({ seq, epoch: 1, time: 0 });
  for (const seq of [0, 2, 3, 9])
    t.doesNotThrow(() => refuseGap({ journal, ...folder }, mark(seq)));
  const entry = { seq: 8, epoch: 1, time: 8, command: Buffer.from('x') };
  journal.append([{ kind: 'entry', entry }]);
  t.doesNotThrow(() => refuseGap({ journal, ...folder }, mark(7)));
  t.throws(() => refuseGap({ journal, ...folder }, mark(6)), {
    code: 'corruption',
    file: join(dataDir, 'order-1', 'journal'),
  });
  await folder.close();
});

t.test('a snapshot that cannot be read is refused with a remedy', async (t) => {
  const folder = await start(await founded(t));
  const damage = new CorruptionError(folder.snapshotFolder, 0, 'content', 'it is damaged');
  await t.rejects(advised(folder, Promise.reject(damage)), {
    file: folder.snapshotFolder,
    message: /it is damaged; remove the folder that holds /,
  });
  t.equal(await advised(folder, Promise.resolve(7)), 7);
  const failure = new Error('too many open files');
  await t.rejects(advised(folder, Promise.reject(failure)), failure);
  await folder.close();
});
