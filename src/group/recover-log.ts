/**
 * Reads the journal's entries after the snapshot into the core at start. Invariant: the entries
 * after the base in memory are those after it in the log.
 */
import { assert } from '../base/assert.js';
import { logLimits } from '../base/limits.js';
import type { Core } from '../consensus/core.js';
import type { SnapshotMark } from '../consensus/messages.js';
import type { Journal } from '../storage/types.js';

export async function recoverLog(core: Core, journal: Journal, base: SnapshotMark): Promise<void> {
  const { last, firstSeq } = journal.recovered;
  // The process may have ended between installing a snapshot and dropping the log before it.
  const atBase = base.seq > 0 ? await journal.readEntry(base.seq) : undefined;
  if (atBase !== undefined && atBase.epoch !== base.epoch) {
    core.forgetJournal();
    return;
  }
  let next = base.seq + 1;
  if (last.seq < next) return;
  assert(firstSeq <= next, 'the journal does not reach back to the snapshot');
  while (next <= last.seq) {
    const entries = await journal.readEntries(next, logLimits.journalReadBytesMax);
    assert(entries.length > 0, `the journal has lost entry ${next}`);
    core.recover(entries);
    next += entries.length;
  }
}
