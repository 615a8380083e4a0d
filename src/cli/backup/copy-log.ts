/**
 * Copies a log into a journal of its own: the last version of each entry, for as long as it is
 * wanted. Whoever reads the original need not be its owner, who may go on writing meanwhile.
 */
import { assert } from '../../base/assert.js';
import type { Entry } from '../../consensus/types.js';
import { rewriteWithoutPadding } from '../../storage/compaction.js';
import type { SegmentedJournal } from '../../storage/journal.js';
import { openJournal } from '../../storage/open-journal.js';
import type { JournalReader } from '../../storage/read-journal.js';
import { listSegments, segmentHeadBytes } from '../../storage/segment-format.js';
import type { Disk } from '../../storage/types.js';

const readBytesMax = 2 * 1024 * 1024;

export interface LogCopy {
  readonly disk: Disk;
  /** Of the new journal. */
  readonly folder: string;
  readonly reader: JournalReader;
  readonly fromSeq: number;
  /** The copy promises no less than this: whoever leads it must be newer than all it tells of. */
  readonly epochMin: number;
  /** False: neither this entry nor any behind it. */
  readonly wants: (entry: Entry) => boolean;
}

/** Resolves to the last entry copied, when all is durable; undefined where there is none. */
export async function copyLog(copy: LogCopy): Promise<Entry | undefined> {
  const last = await writeLog(copy);
  await pack(copy.disk, copy.folder);
  return last;
}

async function writeLog(copy: LogCopy): Promise<Entry | undefined> {
  const { reader, fromSeq, wants } = copy;
  const journal = await openJournal(copy.disk, copy.folder, { keepAll: true });
  const writer = new DurableWriter(journal);
  try {
    const { epoch, leader } = reader.promised;
    await writer.write([
      { kind: 'promise', epoch: Math.max(epoch, copy.epochMin), leader: leader },
    ]);
    let last: Entry | undefined;
    for (let next = fromSeq; next <= reader.lastSeq; ) {
      const entries = await reader.readEntries(next, readBytesMax);
      assert(entries[0]?.seq === next, 'a log has no gaps');
      const end = entries.findIndex((entry) => !wants(entry));
      const wanted = end < 0 ? entries : entries.slice(0, end);
      await writer.write(wanted.map((entry) => ({ kind: 'entry', entry })));
      last = wanted.at(-1) ?? last;
      if (end >= 0) break;
      next += entries.length;
    }
    return last;
  } finally {
    await journal.close();
  }
}

/** Nothing will be written to it any more: the room that was made ready for that goes. */
async function pack(disk: Disk, folder: string): Promise<void> {
  const { segments } = await listSegments(disk, folder);
  for (const { path, layout } of segments) {
    if (layout === 'packed') continue;
    const packed = await rewriteWithoutPadding(disk, path);
    await disk.remove(path);
    const bytes = await disk.readFile(packed);
    if (bytes?.length === segmentHeadBytes) await disk.remove(packed);
  }
}

/** One piece at a time: the next is read when the one before is on the disk. */
class DurableWriter {
  readonly #journal: SegmentedJournal;
  #durable = 0;
  #wake: () => void = () => {};
  #failure: Error | undefined;

  constructor(journal: SegmentedJournal) {
    this.#journal = journal;
    journal.onDurable((position) => {
      this.#durable = position;
      this.#wake();
    });
    journal.onFailure((error) => {
      this.#failure = error;
      this.#wake();
    });
  }

  async write(records: Parameters<SegmentedJournal['append']>[0]): Promise<void> {
    if (records.length === 0) return;
    const position = this.#journal.append(records);
    while (this.#durable < position && !this.#failure) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure) throw this.#failure;
  }
}
