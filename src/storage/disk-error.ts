/**
 * The error of a disk that refuses an operation (docs/PROTOCOL.md, R10). Its message names the file and
 * the reason, because it is the last message of the process.
 */
import { systemWords } from '../base/system-error.js';

export type Deed = 'open' | 'read' | 'write' | 'name' | 'remove' | 'list' | 'make';

export class DiskError extends Error {
  override readonly name = 'DiskError';
  /** The system's name for the reason, for example `ENOSPC`. */
  readonly code: string;
  readonly file: string;

  constructor(deed: Deed, file: string, code: string, reason: string, cause?: unknown) {
    super(`cannot ${deed} ${file}: ${reason} (${code})`, cause === undefined ? {} : { cause });
    this.code = code;
    this.file = file;
  }
}

/** Adds the file's name to a system error; returns other errors unchanged. */
export function diskError(deed: Deed, file: string, error: unknown): unknown {
  if (error instanceof DiskError || !isSystemError(error)) return error;
  return new DiskError(deed, file, error.code, systemWords(error) ?? error.message, error);
}

/** Awaits work on a file, and adds the file's name to its system errors. */
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
