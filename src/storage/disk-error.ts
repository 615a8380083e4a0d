/**
 * The error of a disk that refuses (docs/PROTOCOL.md, R10): a sentence that names the file and the
 * reason, because it is the last thing that the process says. Knows no file's content.
 */
import { systemWords } from '../base/system-error.js';

export type Deed = 'open' | 'read' | 'write' | 'name' | 'remove' | 'list' | 'make';

export class DiskError extends Error {
  override readonly name = 'DiskError';
  /** The system's name for the reason, as `ENOSPC`. */
  readonly code: string;
  readonly file: string;

  constructor(deed: Deed, file: string, code: string, reason: string, cause?: unknown) {
    super(`cannot ${deed} ${file}: ${reason} (${code})`, cause === undefined ? {} : { cause });
    this.code = code;
    this.file = file;
  }
}

/** The system's error with the file's name; what is none of the system's stays as it is. */
export function diskError(deed: Deed, file: string, error: unknown): unknown {
  if (error instanceof DiskError || !isSystemError(error)) return error;
  return new DiskError(deed, file, error.code, systemWords(error) ?? error.message, error);
}

/** Work on a file whose refusal names it. */
export async function naming<T>(deed: Deed, file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw diskError(deed, file, error);
  }
}

interface SystemError extends Error {
  readonly code: string;
  readonly errno: number;
}

function isSystemError(error: unknown): error is SystemError {
  if (!(error instanceof Error) || !('code' in error) || !('errno' in error)) return false;
  return typeof error.code === 'string' && typeof error.errno === 'number';
}
