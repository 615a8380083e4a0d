/**
 * Continues the log of a new leader where it ends in the database (docs/SQL-ENGINE.md, S2). The entries
 * stay in memory until they are applied, so that the leader reads none of them on another session (S4).
 */
import { BazarError } from '../../base/errors.js';
import { logLimits } from '../../base/limits.js';
import type { Lead, LogDatabase } from '../../database/types.js';
import type { RecentEntries } from './recent-entries.js';
import type { SqlRules } from './sql-rules.js';

/** Bytes of entries that a new leader may have to apply. A replica that lacks more restores its state. */
const adoptedBytesMax = 64 * 1024 * 1024;

/**
 * Adds the missing entries to the log. Resolves to false if the log here is not a part of the log in the
 * database, or lacks too much of it.
 */
export async function adoptLog(
  log: RecentEntries,
  database: LogDatabase,
  { end, session }: Lead,
  rules: SqlRules,
): Promise<boolean> {
  let bytes = 0;
  do {
    const { seq, epoch } = log.last;
    if (end.seq < seq || bytes > adoptedBytesMax) return false;
    const { journalReadBytesMax } = logLimits;
    const after = Math.max(0, seq - 1);
    const entries = await database.readEntries(after, journalReadBytesMax, session);
    // The first one is known. If it was deleted (S7), the next one is the first.
    const [first, ...others] = entries;
    if (first?.seq === seq && first.epoch !== epoch) return false;
    const missing = first?.seq === seq ? others : entries;
    for (const entry of missing) {
      if (entry.seq > end.seq) break;
      if (entry.seq !== log.last.seq + 1) return false;
      log.append(entry);
      bytes += entry.command.length;
    }
    if (log.last.seq === seq && seq < end.seq) {
      throw new BazarError('unavailable', 'the database returned no entries');
    }
  } while (log.last.seq < end.seq);
  return log.last.epoch === end.epoch || !rules.endCompared;
}
