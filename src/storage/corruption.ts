/**
 * The error of a file whose content is not as written (docs/PROTOCOL.md, R10). It names the file and the
 * offset for the operator; the reasons are stable words. A sector that the disk cannot read counts as
 * corrupt, because the remedy is the same.
 */
import { DiskError } from './disk-error.js';

export type CorruptionReason =
  /** The first block of a segment is not a segment head. */
  | 'segment_head'
  /** The segment's size differs from its original size. */
  | 'segment_size'
  /** A segment is missing. */
  | 'segment_missing'
  /** The snapshot that replaces dropped entries is missing. */
  | 'snapshot_missing'
  /** The batch expected here cannot be read, but a later one or its own trailer can. */
  | 'batch'
  /** The batch's trailer is valid, its records are not. */
  | 'records'
  /** The batch is whole, but is not the next one. */
  | 'chain'
  /** A record does not have its form or its checksum. */
  | 'record'
  /** The disk cannot read what was written (EIO). */
  | 'unreadable'
  /** The content of a JSON file differs from its checksum. */
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

  /** The same error with advice for the operator. */
  advising(wayOut: string): CorruptionError {
    return new CorruptionError(this.file, this.offset, this.reason, `${this.#detail}; ${wayOut}`);
  }
}

/**
 * Reads synced bytes. If the disk cannot read them, they count as corrupt: `--repair` and copies help.
 */
export async function orUnreadable<T>(file: string, offset: number, read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'EIO') throw error;
    throw new CorruptionError(file, offset, 'unreadable', 'the disk cannot read it (EIO)');
  }
}
