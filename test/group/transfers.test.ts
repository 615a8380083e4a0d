/** A snapshot's first step at the sender, and its last ones at a receiver whose disk takes its time. */
import { crc32 } from 'node:zlib';
import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import { SnapshotTransfers } from '../../src/group/transfers.js';

/** The one piece of a snapshot is being written; what was done with it then. */
function writing(isWanted: () => boolean) {
  const told: string[] = [];
  let written = (): void => {};
  const transfers = new SnapshotTransfers({
    logger: silentLogger,
    snapshots: {
      latest: async () => undefined,
      receive: () => ({
        write: () =>
          new Promise((resolve) => {
            written = resolve;
          }),
        install: async () => void told.push('install'),
        discard: async () => void told.push('discard'),
      }),
    },
    send: (_to, message) => told.push(message.kind),
    missing: () => {},
    isWanted,
    installing: () => told.push('installing'),
    installed: ({ seq }) => told.push(`installed ${seq}`),
    failed: (error) => told.push(String(error)),
  });
  const bytes = Buffer.from('all of it');
  transfers.received('a', {
    kind: 'chunk',
    ...{ epoch: 1, mark: { seq: 7, epoch: 1, time: 0 }, offset: 0, total: bytes.length },
    ...{ checksum: crc32(bytes), bytes },
  });
  const finish = async (): Promise<void> => {
    written();
    await new Promise(setImmediate);
  };
  return { told, transfers, finish };
}

t.test(
  'a member with the newest snapshot gets none, one with an older snapshot does',
  async (t) => {
    for (const { after, expected } of [
      { after: 6, expected: ['chunk 0'] },
      { after: 7, expected: ['close', 'missing'] },
      { after: 8, expected: ['close', 'missing'] },
    ]) {
      const told: string[] = [];
      const transfers = new SnapshotTransfers({
        logger: silentLogger,
        snapshots: {
          latest: async () => ({
            ...{ mark: { seq: 7, epoch: 1, time: 0 }, bytes: 3 },
            read: async () => Buffer.from('all'),
            close: async () => void told.push('close'),
          }),
          receive: () => t.fail('nothing comes') as never,
        },
        send: (_to, message) =>
          told.push(`${message.kind} ${'offset' in message && message.offset}`),
        missing: () => told.push('missing'),
        isWanted: () => false,
        installing: () => {},
        installed: () => {},
        failed: (error) => told.push(String(error)),
      });
      transfers.begin({ to: 'w', epoch: 1, after });
      await new Promise(setImmediate);
      t.same(told, expected, `after ${after}`);
    }
  },
);

t.test('a snapshot is installed when all of it is written', async (t) => {
  const { told, finish } = writing(() => true);
  t.same(told, []);
  await finish();
  t.same(told, ['chunked', 'installing', 'install', 'installed 7']);
});

t.test('a snapshot that the log overtook while it was written is discarded', async (t) => {
  let isWanted = true;
  const { told, transfers, finish } = writing(() => isWanted);
  isWanted = false;
  await finish();
  t.same(told, ['chunked', 'discard']);
  t.equal(transfers.isInstalling, false);
});
