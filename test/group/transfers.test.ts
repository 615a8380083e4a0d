/** A snapshot's last steps at the receiver, with a disk that takes its time. */
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

t.test('a snapshot is installed when all of it is written', async (t) => {
  const { told, finish } = writing(() => true);
  t.same(told, []);
  await finish();
  t.same(told, ['chunked', 'installing', 'install', 'installed 7']);
});

t.test('one that the log overtook while it was written is discarded', async (t) => {
  let isWanted = true;
  const { told, transfers, finish } = writing(() => isWanted);
  isWanted = false;
  await finish();
  t.same(told, ['chunked', 'discard']);
  t.equal(transfers.isInstalling, false);
});
