/**
 * Makes folders. Node's own `mkdir` with `recursive` never returns where the parent exists but takes no
 * folder (`/proc/x`), so parents are made one by one. What the store makes is for its owner alone.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Of a folder with data, secrets or sockets. */
export const privateFolderMode = 0o700;
const openFolderMode = 0o777;

/** Returns the highest folder that it made; undefined where the folder was there. */
export function makeFolder(folder: string, mode: number = openFolderMode): string | undefined {
  const path = resolve(folder);
  try {
    mkdirSync(path, mode);
    return path;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (isFolder(path)) return undefined;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
  }
  const first = makeFolder(dirname(path));
  mkdirSync(path, mode);
  return first ?? path;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // The caller has the reason.
    return false;
  }
}

export function makePrivateFolder(folder: string): string | undefined {
  return makeFolder(folder, privateFolderMode);
}
