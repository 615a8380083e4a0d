/**
 * A power cut during one write of a batch, with any subset of its sectors or blocks on the disk: the
 * journal opens without help, with all that was acknowledged (docs/PROTOCOL.md, R10). And damage to
 * a batch that was synced is not taken for such a cut.
 */
import t from 'tap';
import { seededRandom } from '../../src/base/random.js';
import type { Doubt, LogRecord } from '../../src/consensus/types.js';
import { headBytes } from '../../src/storage/batch-format.js';
import { CorruptionError } from '../../src/storage/corruption.js';
import { openJournal } from '../../src/storage/open-journal.js';
import { entryOverheadBytes } from '../../src/storage/record-format.js';
import { MemoryDisk } from '../support/memory-disk.js';
import { contents, entries, entry, folder, kib, open, promise, truncate } from './builders.js';

const options = { segmentBytes: 64 * kib, batchBytesMax: 40 * kib };
const sector = 512;
const block = 4 * kib;
/** More subsets than these are drawn at random. */
const subsetsMax = 128;

/** The file of the last batch before and after its write, on a disk with all that came before. */
interface Write {
  readonly disk: MemoryDisk;
  readonly file: string;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly contentsBefore: string;
  readonly contentsAfter: string;
}

async function lastWrite(batches: LogRecord[][]): Promise<Write> {
  const disk = new MemoryDisk();
  const { journal, write } = await open(disk, options);
  for (const records of batches.slice(0, -1)) await write(...records);
  const contentsBefore = String(await contents(journal));
  const base = disk.copy();
  let file = '';
  disk.fault = ({ kind, path }) => {
    if (kind === 'write' && path.endsWith('.seg')) file = path;
    return 'none';
  };
  await write(...(batches.at(-1) ?? []));
  const contentsAfter = String(await contents(journal));
  const before = (await base.readFile(file)) ?? new Uint8Array(0);
  const after = (await disk.readFile(file)) ?? new Uint8Array(0);
  await journal.close();
  return { disk: base, file, before, after, contentsBefore, contentsAfter };
}

/** The places of the pieces that the write changes. */
function changedPieces({ before, after }: Write, pieceBytes: number): number[] {
  const changed: number[] = [];
  for (let at = 0; at < after.length; at += pieceBytes) {
    const one = before.subarray(at, at + pieceBytes);
    if (Buffer.compare(one, after.subarray(at, at + pieceBytes)) !== 0) changed.push(at);
  }
  return changed;
}

function* subsets(count: number): Generator<boolean[]> {
  const random = seededRandom(count);
  const all = 2 ** count;
  for (let n = 0; n < Math.min(all, subsetsMax); n++) {
    const bits = (at: number) => (all <= subsetsMax ? (n >> at) & 1 : random.integer(2)) === 1;
    yield Array.from({ length: count }, (_, at) => bits(at));
  }
}

async function withFile({ disk, file }: Write, bytes: Uint8Array): Promise<MemoryDisk> {
  const copy = disk.copy();
  await copy.replace(file, bytes);
  return copy;
}

/** Opens and goes on; the log in the end, without what was added. */
async function comesBack(disk: MemoryDisk): Promise<string> {
  const first = await open(disk, options);
  const found = String(await contents(first.journal));
  const next = first.journal.lastSeq() + 1;
  await first.write(entry(next, 'z'.repeat(5 * kib)));
  await first.write(...entries(next + 1, next + 3));
  await first.journal.close();
  const second = await openJournal(disk, folder, options);
  const all = await contents(second);
  await second.close();
  const added = all.splice(next - 1).map((one) => Number(one.split(':')[0]));
  if (String(added) !== String([0, 1, 2, 3].map((n) => next + n))) return `then ${added}`;
  return String(all) === found ? found : `then ${all}`;
}

const filler = (seq: number) => [entry(seq, 'f'.repeat(20 * kib))];
/** A command that holds whole batches with these numbers, where a segment has blocks. */
async function forged(through: number): Promise<LogRecord> {
  const { after } = await lastWrite(Array.from({ length: through }, (_, n) => [entry(n + 1)]));
  const batches = after.slice(block, (1 + 2 * through) * block);
  const command = Buffer.concat([Buffer.alloc(block - headBytes - entryOverheadBytes, 1), batches]);
  return { kind: 'entry', entry: { seq: 4, epoch: 1, time: 4, command } };
}

const cases: Record<string, () => Promise<LogRecord[][]>> = {
  'the first batch of a journal': async () => [[promise(1), entry(1, 'a'.repeat(900))]],
  'a batch of one small entry': async () => [[entry(1)], [entry(2)]],
  'a batch of one long entry': async () => [[entry(1)], [entry(2, 'b'.repeat(3_000))]],
  'a batch of many small entries': async () => [[promise(2), entry(1)], entries(2, 40)],
  'a batch that truncates': async () => [entries(1, 5), [entry(6, 'c'.repeat(700)), truncate(3)]],
  'a promise alone': async () => [[entry(1)], [promise(4, 'd'.repeat(40))]],
  'a batch of zeros': async () => [[entry(1)], [entry(2, '\0'.repeat(2_500)), entry(3, 'e')]],
  'the first batch of the next segment': async () => [
    [promise(3), ...filler(1)],
    filler(2),
    [entry(3, 'f'.repeat(19 * kib))],
  ],
  'a batch that holds what looks like earlier batches': async () => [
    ...[entry(1), entry(2), entry(3)].map((one) => [one]),
    [await forged(3)],
  ],
};

for (const [title, batches] of Object.entries(cases)) {
  for (const pieceBytes of [sector, block]) {
    t.test(`${title}, torn by pieces of ${pieceBytes} bytes`, async (t) => {
      const write = await lastWrite(await batches());
      const changed = changedPieces(write, pieceBytes);
      t.ok(changed.length > 1);
      for (const kept of subsets(changed.length)) {
        const torn = write.before.slice();
        for (const [n, at] of changed.entries()) {
          if (kept[n]) torn.set(write.after.subarray(at, at + pieceBytes), at);
        }
        const found = await comesBack(await withFile(write, torn)).catch(String);
        const allowed = [write.contentsBefore, write.contentsAfter];
        if (kept.every((piece) => piece)) allowed.shift();
        if (!allowed.includes(found)) t.fail(`${kept.map(Number).join('')}: ${found}`);
      }
    });
  }
}

/** What opening comes to: the contents, a refusal, or a doubt where doubts are accepted. */
async function verdict(disk: MemoryDisk, accepts: boolean): Promise<string | Doubt> {
  let doubt: Doubt | undefined;
  const doubtful = async (found: Doubt): Promise<void> => {
    doubt = found;
  };
  try {
    const journal = await openJournal(disk, folder, { ...options, ...(accepts && { doubtful }) });
    const found = String(await contents(journal));
    await journal.close();
    return doubt ?? found;
  } catch (error) {
    if (error instanceof CorruptionError) return `refused at ${error.offset}`;
    throw error;
  }
}

for (const title of Object.keys(cases)) {
  t.test(`${title}, with any bit turned when it was synced, is not cut off silently`, async (t) => {
    const write = await lastWrite((await cases[title]?.()) ?? []);
    let doubts = 0;
    const start = changedPieces(write, block)[0] ?? 0;
    const last = write.after.findLastIndex((byte) => byte !== 0);
    for (let at = start; at <= last; at += at < start + 120 ? 1 : 131) {
      const turned = write.after.slice();
      turned[at] = (turned[at] ?? 0) ^ (1 << (at % 8));
      const alone = await verdict(await withFile(write, turned), false);
      const found = await verdict(await withFile(write, turned), true);
      if (alone === write.contentsAfter && found === alone) continue;
      if (alone === `refused at ${start}` && typeof found === 'object') doubts++;
      else t.fail(`byte ${at}: alone ${alone}, else ${JSON.stringify(found)}`);
    }
    t.ok(doubts > 0);
  });
}

t.test('the doubt covers the entries of the batch, as far as they can be read', async (t) => {
  const write = await lastWrite([[promise(2), ...entries(1, 3)], entries(4, 5)]);
  const start = changedPieces(write, block)[0] ?? 0;
  const turned = async (...places: number[]): Promise<string | Doubt> => {
    const bytes = write.after.slice();
    for (const at of places) bytes[start + at] = (bytes[start + at] ?? 0) ^ 1;
    return verdict(await withFile(write, bytes), true);
  };
  const [head, record, trailer] = [20, 70, block + 20];
  const known = { afterSeq: 3, throughSeq: 5, promised: 2 };
  const unknown = { afterSeq: 0, throughSeq: undefined, promised: 2 };
  t.strictSame(await turned(record), known);
  t.strictSame(await turned(head), known, 'the trailer repeats the head');
  t.strictSame(await turned(record, trailer), known);
  t.strictSame(await turned(head, trailer), unknown);
  t.strictSame(await turned(record, 2 * block + 9), unknown, 'a later batch may have been there');
});

t.test('the doubt covers the entries that the batch replaces', async (t) => {
  const write = await lastWrite([
    [promise(2), ...entries(1, 3)],
    [truncate(2), entry(2, 'another'), entry(3)],
  ]);
  const turned = write.after.slice();
  turned[Buffer.from(turned).lastIndexOf('another')] = 0;
  const doubt = { afterSeq: 1, throughSeq: 3, promised: 2 };
  t.strictSame(await verdict(await withFile(write, turned), true), doubt);
});

t.test(
  'a torn batch may contain bytes that look like later batches, if its end is known',
  async (t) => {
    const batches = [entry(1), entry(2), entry(3), await forged(4)].map((one) => [one]);
    const write = await lastWrite(batches);
    const changed = changedPieces(write, sector);
    const [head = 0, trailer = 0] = [changed[0], changed.at(-1)];
    for (const lost of [head, trailer]) {
      for (const other of changed.slice(1, -1)) {
        const torn = write.after.slice();
        torn.fill(0, lost, lost + sector);
        torn.fill(0, other, other + sector);
        t.equal(await verdict(await withFile(write, torn), false), write.contentsBefore);
      }
    }
  },
);

t.test('the doubt is durable before anything is cut off', async (t) => {
  const write = await lastWrite([[entry(1)], [entry(2)]]);
  const turned = write.after.slice();
  const at = Buffer.from(turned).lastIndexOf('command 2');
  turned[at] = 0;
  const disk = await withFile(write, turned);
  const cut = openJournal(disk, folder, {
    ...options,
    doubtful: async () => {
      t.ok((await disk.readFile(write.file))?.every((byte, n) => byte === turned[n]));
      throw new Error('the disk is full');
    },
  });
  await t.rejects(cut, { message: 'the disk is full' });
  t.ok((await disk.readFile(write.file))?.every((byte, n) => byte === turned[n]));
});
