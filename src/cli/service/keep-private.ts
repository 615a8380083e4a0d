/**
 * Removes the permissions of other users from a store's files (0600) and folders (0700). Earlier
 * builds made folders that all users could open. Files of another user stay unchanged.
 */
import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const othersMask = 0o077;
const storeFiles = ['admin.token', 'cluster.token', 'cluster.json', 'founding.json'] as const;
/** A service's folder has three levels. */
const depthMax = 8;

/**
 * The paths of one service: its folder, the folder of process ids, the store's identity and tokens.
 */
export function keepPrivate(dataDir: string, name: string): void {
  for (const entry of [...storeFiles, 'run', name]) {
    closeToOthers(join(dataDir, entry), depthMax);
  }
}

function closeToOthers(path: string, depth: number): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    chmodUnlessForeign(path, stat.mode);
    if (depth > 0) for (const name of namesIn(path)) closeToOthers(join(path, name), depth - 1);
  } else if (stat?.isFile()) chmodUnlessForeign(path, stat.mode);
}

function chmodUnlessForeign(path: string, mode: number): void {
  if ((mode & othersMask) === 0) return;
  try {
    chmodSync(path, mode & 0o777 & ~othersMask);
  } catch {
    // Owned by another user, or removed since; `bazar doctor` reports this.
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // The service reports that it cannot read its folder.
    return [];
  }
}
