/**
 * Writes batches to the active segment, and prepares the next one. Invariant: there is one write at a
 * time. A segment is closed when a batch of the next one is durable. Each new segment begins with the
 * promise, so that older ones may be dropped.
 */
import { assert } from '../base/assert.js';
import type { LogRecord } from '../consensus/types.js';
import { BatchEncoder } from './batch-encoder.js';
import type { Chain } from './batch-format.js';
import { batchBytes, blockBytes, headBytes } from './batch-format.js';
import type { MarkKeeper } from './mark-keeper.js';
import { recordBytes } from './record-format.js';
import type { LogState } from './recovery.js';
import type { SegmentFiles } from './segment-files.js';
import type { SegmentName } from './segment-format.js';
import { encodeSegmentHead, segmentName } from './segment-format.js';
import type { Disk, DiskFile } from './types.js';

/** A padded segment, open for writing; the next batch goes to `end`. */
export interface OpenSegment {
  readonly name: SegmentName;
  readonly file: DiskFile;
  readonly size: number;
  readonly end: number;
}

export interface SegmentWriterParts {
  readonly disk: Disk;
  readonly folder: string;
  readonly segmentBytes: number;
  readonly state: LogState;
  readonly files: SegmentFiles;
  readonly chain: Chain;
  readonly active: OpenSegment;
  readonly spare: OpenSegment | undefined;
  readonly marks: MarkKeeper;
}

export class SegmentWriter {
  readonly #parts: SegmentWriterParts;
  readonly #encoder = new BatchEncoder();
  #chain: Chain;
  #active: OpenSegment;
  #end: number;
  #started: boolean;
  #spare: Promise<OpenSegment>;
  #onFailure: (error: Error) => void = () => {};

  constructor(parts: SegmentWriterParts) {
    this.#parts = parts;
    this.#chain = parts.chain;
    this.#active = parts.active;
    this.#end = parts.active.end;
    this.#started = this.#end > blockBytes;
    this.#spare = parts.spare ? Promise.resolve(parts.spare) : this.#prepare();
  }

  /** Also called if the next segment cannot be made. */
  onFailure(callback: (error: Error) => void): void {
    this.#onFailure = callback;
  }

  /** Segments with a lower number are closed: they are durable and never written again. */
  closedBelow(): number {
    return this.#started ? this.#active.name.number : this.#active.name.number - 1;
  }

  /** Writes the records as one batch; durable when it resolves. Starts in this turn if there is room. */
  write(records: readonly LogRecord[], bytes: number): Promise<void> {
    if (this.#end + batchBytes({ headBytes, bytes }) <= this.#active.size)
      return this.#put(records, bytes);
    return this.#roll().then(() => {
      const { promised } = this.#parts.state;
      const carried: LogRecord = { kind: 'promise', ...promised };
      if (promised.epoch === 0) return this.#put(records, bytes);
      return this.#put([carried, ...records], bytes + recordBytes(carried));
    });
  }

  /** Waits for the segment in preparation. The owner closes the active file. */
  async close(): Promise<void> {
    const spare = await this.#spare.catch(() => undefined);
    await spare?.file.close();
  }

  async #put(records: readonly LogRecord[], recordsBytes: number): Promise<void> {
    const { name, file, size } = this.#active;
    const { state } = this.#parts;
    const offset = this.#end;
    const { bytes, chain } = this.#encoder.encode(
      records,
      recordsBytes,
      this.#chain,
      (record, at, length) => state.apply(record, name, offset + at, length),
    );
    assert(offset + bytes.length <= size, 'a batch fits its segment');
    await file.writeDurably(offset, bytes);
    this.#chain = chain;
    this.#end = offset + bytes.length;
    this.#started = true;
  }

  async #roll(): Promise<void> {
    this.#active = await this.#spare;
    this.#end = this.#active.end;
    this.#started = false;
    // Not awaited: the previous file stays open for readers, by its number.
    void this.#parts.files.set(this.#active.name, this.#active.file);
    this.#spare = this.#prepare();
  }

  #prepare(): Promise<OpenSegment> {
    const { disk, folder, segmentBytes, marks } = this.#parts;
    const name = segmentName(folder, this.#active.name.number + 1, 'padded');
    const spare = createSegment(disk, name, segmentBytes, marks.id).then(async (segment) => {
      await marks.set({ lastSegment: name.number });
      return segment;
    });
    spare.catch((error: Error) => this.#onFailure(error));
    return spare;
  }
}

export async function createSegment(
  disk: Disk,
  name: SegmentName,
  size: number,
  journal: number,
): Promise<OpenSegment> {
  const head = encodeSegmentHead(name.number, 'padded', size, journal);
  const file = await disk.preallocate(name.path, size, head);
  return { name, file, size, end: blockBytes };
}
