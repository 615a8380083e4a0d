/**
 * The last batch of a journal on the in-memory disk, read only by its format (docs/PROTOCOL.md, R10):
 * its position, and the entries in it and before it. Can damage it. Shares only the record format with
 * the journal.
 */
import { crc32 } from 'node:zlib';
import type { Random } from '../src/base/random.js';
import { decodeRecord, spanOf } from '../src/storage/record-format.js';
import type { MemoryDisk } from '../test/support/memory-disk.js';
import type { Tail } from './member-folder.js';

const blockBytes = 4_096;
const sectorBytes = 512;
const headBytes = 52;
const headMagic = 0x32485a42;
const trailerMagic = 0x32545a42;

interface Batch {
  readonly file: string;
  readonly offset: number;
  /** Bytes of the records. */
  readonly bytes: number;
  readonly isWhole: boolean;
  readonly hasTrailer: boolean;
}

/** What the records of the first batches of a journal amount to. */
interface Content {
  /** By sequence number. */
  readonly epochs: Map<number, number>;
  promised: number;
  /** The lowest number that a record writes or truncates. */
  lowest: number;
}

interface Read {
  readonly batches: readonly Batch[];
  /** The bytes after the last batch, in its segment and later ones, are zeros. */
  readonly endsClean: boolean;
}

export class JournalTail implements Tail {
  readonly afterSeq: number;
  readonly lastSeq: number;
  readonly promisedBefore: number;
  readonly #disk: MemoryDisk;
  readonly #batch: Batch;
  readonly #epochs: ReadonlyMap<number, number>;
  readonly #random: Random;

  private constructor(
    disk: MemoryDisk,
    batch: Batch,
    before: Content,
    { epochs, lowest }: Content,
    random: Random,
  ) {
    this.#disk = disk;
    this.#batch = batch;
    this.#epochs = epochs;
    this.#random = random;
    this.promisedBefore = before.promised;
    this.afterSeq = Math.min(Math.max(0, ...before.epochs.keys()), lowest - 1);
    this.lastSeq = Math.max(0, ...epochs.keys());
  }

  /** Undefined if the journal has no whole batch, or other bytes after it. */
  static read(
    disk: MemoryDisk,
    segments: readonly string[],
    random: Random,
  ): JournalTail | undefined {
    const { batches, endsClean } = readBatches(disk, segments);
    const last = batches.at(-1);
    if (!last || !endsClean || !batches.every(({ isWhole }) => isWhole)) return undefined;
    const before: Content = { epochs: new Map(), promised: 0, lowest: Infinity };
    for (const batch of batches.slice(0, -1)) follow(disk, batch, before);
    const whole: Content = { ...before, epochs: new Map(before.epochs), lowest: Infinity };
    follow(disk, last, whole);
    return new JournalTail(disk, last, before, whole, random);
  }

  /** The last batch, if it has its head and its trailer but not its records. */
  static tornBatch(disk: MemoryDisk, segments: readonly string[]): Batch | undefined {
    const last = readBatches(disk, segments).batches.at(-1);
    return last?.hasTrailer && !last.isWhole ? last : undefined;
  }

  epochOf(seq: number): number | undefined {
    return this.#epochs.get(seq);
  }

  /** Changes sectors, at least one of them among the records; the head stays readable. */
  damage(): void {
    const { file, offset, bytes } = this.#batch;
    const end = headBytes + bytes;
    this.#disk.flipBit(file, offset + headBytes + this.#random.integer(bytes), 3);
    const sectors = Math.ceil((end - headBytes) / sectorBytes);
    for (let times = this.#random.integer(sectors + 1); times > 0; times--) {
      const from = headBytes + this.#random.integer(sectors) * sectorBytes;
      for (let at = from; at < Math.min(from + sectorBytes, end); at += 7) {
        this.#disk.flipBit(file, offset + at, this.#random.integer(8));
      }
    }
  }
}

function readBatches(disk: MemoryDisk, segments: readonly string[]): Read {
  const batches: Batch[] = [];
  let endsClean = true;
  for (const file of segments) {
    const bytes = disk.peek(file);
    const { view } = spanOf(bytes);
    let at = blockBytes;
    while (at + headBytes <= bytes.length && view.getUint32(at, true) === headMagic) {
      const length = view.getUint32(at + 4, true);
      const trailer = at + Math.ceil((headBytes + length) / blockBytes) * blockBytes;
      if (trailer + blockBytes > bytes.length) break;
      const records = bytes.subarray(at + headBytes, at + headBytes + length);
      const isWhole = crc32(records) === view.getUint32(at + 24, true);
      const hasTrailer = view.getUint32(trailer, true) === trailerMagic;
      batches.push({ file, offset: at, bytes: length, isWhole, hasTrailer });
      at = trailer + blockBytes;
    }
    endsClean &&= bytes.subarray(at).every((byte) => byte === 0);
  }
  return { batches, endsClean };
}

function follow(disk: MemoryDisk, { file, offset, bytes }: Batch, content: Content): void {
  const { epochs } = content;
  const span = spanOf(disk.peek(file));
  const limit = offset + headBytes + bytes;
  for (let at = offset + headBytes; at < limit; ) {
    const decoded = decodeRecord(span, at, limit, false);
    if (!decoded) return;
    const { record, end } = decoded;
    if (record.kind === 'promise') content.promised = record.epoch;
    else
      content.lowest = Math.min(
        content.lowest,
        record.kind === 'entry' ? record.entry.seq : record.from,
      );
    if (record.kind === 'entry') epochs.set(record.entry.seq, record.entry.epoch);
    if (record.kind === 'truncate') {
      for (const seq of [...epochs.keys()]) if (seq >= record.from) epochs.delete(seq);
    }
    at = end;
  }
}
