/**
 * Makes folders. Node's `mkdir` with `recursive` does not return if the parent exists but accepts no
 * folder (`/proc/x`), so parents are made one by one. Only the owner may use the store's folders.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** For a folder with data, secrets or sockets. */
export const privateFolderMode = 0o700;
const openFolderMode = 0o777;

/** Returns the highest folder that it made, or undefined if the folder existed. */
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
    // The caller handles the reason.
    return false;
  }
}

export function makePrivateFolder(folder: string): string | undefined {
  return makeFolder(folder, privateFolderMode);
}
