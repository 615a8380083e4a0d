/**
 * Copies a log into a new journal: the last version of each entry, as long as `wants` accepts it.
 * The owner of the original may continue to write to it.
 */
import { assert } from '../../base/assert.js';
import type { Entry, PromiseRecord } from '../../consensus/types.js';
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
  const { disk, folder, reader } = copy;
  const { epoch, leader } = reader.promised;
  const promise = { epoch: Math.max(epoch, copy.epochMin), leader };
  let last: Entry | undefined;
  const took = (entry: Entry): void => {
    last = entry;
  };
  await writeJournal(disk, folder, promise, wantedEntries(copy, took));
  return last;
}

async function* wantedEntries(
  { reader, fromSeq, wants }: LogCopy,
  took: (entry: Entry) => void,
): AsyncGenerator<readonly Entry[]> {
  for (let next = fromSeq; next <= reader.lastSeq; ) {
    const entries = await reader.readEntries(next, readBytesMax);
    assert(entries[0]?.seq === next, 'a log has no gaps');
    const end = entries.findIndex((entry) => !wants(entry));
    const wanted = end < 0 ? entries : entries.slice(0, end);
    yield wanted;
    const last = wanted.at(-1);
    if (last) took(last);
    if (end >= 0) return;
    next += entries.length;
  }
}

/** Writes a new journal without padding; it is durable when this resolves. */
export async function writeJournal(
  disk: Disk,
  folder: string,
  promise: Omit<PromiseRecord, 'admitted'>,
  entries: AsyncIterable<readonly Entry[]>,
): Promise<void> {
  const journal = await openJournal(disk, folder, { keepAll: true });
  const writer = new DurableWriter(journal);
  try {
    await writer.write([{ kind: 'promise', ...promise }]);
    for await (const batch of entries) {
      await writer.write(batch.map((entry) => ({ kind: 'entry', entry })));
    }
  } finally {
    await journal.close();
  }
  await pack(disk, folder);
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
