/**
 * Copies a log into a new journal: the last version of each entry, as long as `wants` accepts it.
 * The owner of the original may continue to write to it.
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
  /** Folder of the new journal. */
  readonly folder: string;
  readonly reader: JournalReader;
  readonly fromSeq: number;
  /** Lowest epoch that the copy promises: every later leader must have a higher one. */
  readonly epochMin: number;
  /** False: the copy ends before this entry. */
  readonly wants: (entry: Entry) => boolean;
}

/** Resolves to the last copied entry when all entries are durable; undefined if there is none. */
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

/** Removes the preallocated space, because nothing more is written to this journal. */
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

/** Writes one batch at a time: `write` resolves when the batch is durable. */
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
