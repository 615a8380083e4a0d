/**
 * The default capacity for clients' purchase keys, by the memory of this machine. A key takes 46 bytes
 * in a catalog and as much again in the job that makes a snapshot.
 */
import { totalmem } from 'node:os';
import { purchaseLimits } from '../../base/limits.js';

/** Keys of one catalog and its snapshot job then take an eighth of the memory. */
const memoryBytesPerKey = 800;
const step = 1_000_000;

export function clientKeysDefault(memoryBytes = memoryOfProcess()): number {
  const { clientKeysMax: least, clientKeysDefault: most } = purchaseLimits;
  const keys = Math.floor(memoryBytes / memoryBytesPerKey / step) * step;
  return Math.min(most, Math.max(least, keys));
}

function memoryOfProcess(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(totalmem(), limit) : totalmem();
}
