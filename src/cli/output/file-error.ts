/** Rewords a system error about a file that the user named, so that the message names the file. */
import { dirname } from 'node:path';
import { BazarError } from '../../base/errors.js';

/** The error to throw instead of `error`; `error` itself if there is no better message. */
export function cannotRead(path: string, error: unknown): unknown {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new BazarError('not_found', `the file ${path} does not exist`, { cause: error });
    case 'EACCES':
      return new BazarError('permission_denied', `no permission to read ${path}`, { cause: error });
    default:
      return error;
  }
}

export function cannotWrite(path: string, error: unknown): unknown {
  const folder = dirname(path);
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new BazarError('not_found', `the folder ${folder} does not exist`, { cause: error });
    case 'EACCES':
    case 'EROFS':
      return new BazarError('permission_denied', `no permission to write to ${folder}`, {
        cause: error,
      });
    default:
      return error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
