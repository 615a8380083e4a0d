/**
 * A follower whose own end of the log parts from its leader's below the snapshot that the leader
 * restarted from (docs/PROTOCOL.md, R5): only the leader's journal knows the epochs there.
 */
import t from 'tap';
import type { LogRecord } from '../../src/consensus/types.js';
import { MemoryJournal } from './memory-journal.js';
import { packPieces } from './memory-snapshots.js';
import { Trio } from './trio.js';

const common = 20;
const base = 1_500;
const end = 2_000;

function entries(from: number, to: number, epoch: number, text: string): LogRecord[] {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const seq = from + i;
    const entry = { seq, epoch, time: seq, command: Buffer.from(`${text}${seq}`) };
    return { kind: 'entry', entry };
  });
}

const first: LogRecord[] = [
  { kind: 'promise', epoch: 1, leader: 'a' },
  ...entries(1, common, 1, 'v'),
];

/** b and c agree and restart from a snapshot; a has entries of its own from `common` on. */
async function parted(own: number, readMs: number): Promise<{ trio: Trio; reads: () => number }> {
  const trio = new Trio();
  const [a, b, c] = [trio.member('a'), trio.member('b'), trio.member('c')];
  a.journal = new MemoryJournal([...first, ...entries(common + 1, common + own, 1, 'own')]);
  for (const member of [b, c]) {
    const promise = { kind: 'promise', epoch: 2, leader: 'b' } as const;
    member.journal = new MemoryJournal([...first, promise, ...entries(common + 1, end, 2, 'w')]);
    const values = [...entries(1, common, 1, 'v'), ...entries(common + 1, base, 2, 'w')];
    const pieces = values.flatMap((record) =>
      record.kind === 'entry' ? [Buffer.from(record.entry.command)] : [],
    );
    member.snapshot = { mark: { seq: base, epoch: 2, time: base }, bytes: packPieces(pieces) };
  }
  let count = 0;
  const read = b.journal.readEntries.bind(b.journal);
  b.journal.readEntries = async (from, maxBytes) => {
    const found = await read(from, maxBytes);
    if (from > base) return found;
    count += 1;
    if (readMs > 0) await new Promise((resolve) => trio.clock.after(readMs, () => resolve(0)));
    return found;
  };
  await trio.open();
  return { trio, reads: () => count };
}

for (const own of [1, 3, 300, 1_400]) {
  for (const readMs of [0, 70]) {
    t.test(`${own} entries of its own, ${readMs} ms a read`, async (t) => {
      const { trio, reads } = await parted(own, readMs);
      t.teardown(() => trio.close());
      await trio.elect('b');
      await trio.clock.advance(3_000);
      const [a, b] = [trio.member('a'), trio.member('b')];
      t.equal(b.host.status().serving, true);
      t.same(a.host.status().logEnd, b.host.status().logEnd);
      t.same(a.machine.values, b.machine.values);
      // Twice as far back each time, then the pages up to the snapshot.
      t.ok(reads() <= Math.ceil(Math.log2(own + 1)) + 8, `${reads()} reads`);
    });
  }
}

t.test('if the journal does not reach back, the follower gets the snapshot', async (t) => {
  const { trio } = await parted(300, 0);
  t.teardown(() => trio.close());
  const [a, b] = [trio.member('a'), trio.member('b')];
  await b.journal.dropBefore(310);
  await trio.elect('b');
  await trio.clock.advance(3_000);
  t.equal(a.snapshot?.mark.seq, base);
  t.same(a.host.status().logEnd, b.host.status().logEnd);
  t.same(a.machine.values, b.machine.values);
});
