/**
 * The error of a file that is not what was written (docs/PROTOCOL.md, R10). It names the file and
 * the offset, so that an operator can look; the reasons are stable words. A sector that the disk
 * cannot read is such a file, too: the way out is the same.
 */
import { DiskError } from './disk-error.js';

export type CorruptionReason =
  /** The first block of a segment is not a segment's head. */
  | 'segment_head'
  /** A segment has another size than it was made with. */
  | 'segment_size'
  /** A segment is not there. */
  | 'segment_missing'
  /** The snapshot that takes the place of entries is not there. */
  | 'snapshot_missing'
  /** The batch that belongs here cannot be read, and a later one or its own trailer can. */
  | 'batch'
  /** The batch's trailer is good, its records are not. */
  | 'records'
  /** A batch is whole, but not the next one. */
  | 'chain'
  /** A record does not have the form or the checksum it was written with. */
  | 'record'
  /** The disk does not give back what was written (EIO). */
  | 'unreadable'
  /** A file of JSON has another content than its checksum says. */
  | 'content';

export class CorruptionError extends Error {
  override readonly name = 'CorruptionError';
  readonly code = 'corruption';
  readonly file: string;
  readonly offset: number;
  readonly reason: CorruptionReason;
  readonly #detail: string;

  constructor(file: string, offset: number, reason: CorruptionReason, message: string) {
    super(`${file} is corrupt at offset ${offset}: ${message}`);
    this.file = file;
    this.offset = offset;
    this.reason = reason;
    this.#detail = message;
  }

  /** The same error, with what an operator can do. */
  advising(wayOut: string): CorruptionError {
    return new CorruptionError(this.file, this.offset, this.reason, `${this.#detail}; ${wayOut}`);
  }
}

/** A read of what was synced. What the disk cannot read of it is corrupt: `--repair` and copies help. */
export async function orUnreadable<T>(file: string, offset: number, read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'EIO') throw error;
    throw new CorruptionError(file, offset, 'unreadable', 'the disk cannot read it (EIO)');
  }
}
