/**
 * Continues the log of a new leader where it ends in the database (docs/SQL-ENGINE.md, S2).
 */
import { logLimits } from '../../base/limits.js';
import type { LogDatabase, LogEnd } from '../../database/types.js';
import type { RecentEntries } from './recent-entries.js';

/**
 * Adds the missing entries to the log, or restarts it at the end if they are too many for memory; they
 * are then read again when they are applied. Resolves to false if the log here is not a part of the log
 * in the database.
 */
export async function adoptLog(
  log: RecentEntries,
  database: LogDatabase,
  end: LogEnd,
): Promise<boolean> {
  const { seq, epoch } = log.last;
  if (end.seq < seq) return false;
  const entries = await database.readEntries(Math.max(0, seq - 1), logLimits.tailBytesKept);
  const [first] = entries;
  // Retention may have deleted the entry.
  if (first !== undefined && first.seq === seq && first.epoch !== epoch) return false;
  for (const entry of entries) {
    if (entry.seq === log.last.seq + 1 && entry.seq <= end.seq) log.append(entry);
  }
  if (log.last.seq < end.seq) log.restart(end);
  return true;
}
