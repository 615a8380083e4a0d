/** What a recovery server keeps of its log beside the snapshots that it takes (docs/PROTOCOL.md, R11). */
import t from 'tap';
import { required } from '../../src/base/assert.js';
import { storageLimits } from '../../src/base/limits.js';
import type { SnapshotMark } from '../../src/consensus/messages.js';
import type { SnapshotPort } from '../../src/group/snapshot-port.js';
import { shorten } from '../../src/recovery/shortening.js';
import { SnapshotStore } from '../../src/storage/snapshot-store.js';
import { entry, open } from '../storage/builders.js';
import { parts, save, folder as snapshotFolder } from '../storage/snapshot-builders.js';
import { MemoryDisk } from '../support/memory-disk.js';

const start: SnapshotMark = { seq: 0, epoch: 0, time: 0 };
/** Two of them fill a segment. */
const long = 'v'.repeat(20_000);

/** The leader's snapshot at this place comes here. */
async function take(port: SnapshotPort, seq: number): Promise<void> {
  const leader = new SnapshotStore(new MemoryDisk(), snapshotFolder);
  await save(leader, seq, [10]);
  const image = required(await leader.newest(), 'a snapshot');
  const incoming = port.receive(image.mark);
  for (const part of await parts(image)) await incoming.write(part);
  await incoming.install();
  await image.close();
}

t.test('the log goes back to the snapshot before the newest', async (t) => {
  const disk = new MemoryDisk();
  const { journal, write } = await open(disk);
  t.teardown(() => journal.close());
  const snapshots = new SnapshotStore(disk, snapshotFolder);
  const { port, isDue } = shorten(
    { journal, snapshots },
    { base: start, everyBytes: storageLimits.snapshotEveryBytes },
  );
  let seq = 0;
  const grow = async (through: number): Promise<void> => {
    while (seq < through) await write(entry(++seq, long));
  };

  await grow(8);
  t.equal(isDue(), false);
  await grow(20);
  t.equal(isDue(), true, 'a long log');
  await take(port, 10);
  t.equal(journal.firstSeq(), 1, 'there is no older one yet');
  t.equal(isDue(), false, 'what the snapshot covers does not count');
  await grow(30);
  t.equal(isDue(), true);
  await take(port, 20);
  t.ok(journal.firstSeq() > 1 && journal.firstSeq() <= 11, `from ${journal.firstSeq()}`);
});
