/**
 * Visits the log entries that a member has not applied: from memory, or from the journal if memory
 * no longer holds them. Invariant: each is visited once, in log order.
 */
import { assert } from '../base/assert.js';
import { logLimits } from '../base/limits.js';
import type { Log } from '../consensus/log.js';
import type { Entry } from '../consensus/types.js';
import type { Journal } from '../storage/types.js';

/** Rejects if the log changes during the visit. */
export async function eachUnapplied(
  log: Log,
  journal: Journal,
  applied: number,
  visit: (entry: Entry) => void,
): Promise<void> {
  const through = log.last.seq;
  for (let seq = applied + 1; seq <= through; ) {
    const known = log.entry(seq);
    const entries = known ? [known] : await journal.readEntries(seq, logLimits.journalReadBytesMax);
    assert(entries.length > 0, `the journal has lost entry ${seq}`);
    for (const entry of entries) {
      if (entry.seq > through) break;
      // The journal may still hold entries that were truncated.
      assert(entry.seq === seq && log.epochOf(seq) === entry.epoch, 'the log stays as it is');
      visit(entry);
      seq += 1;
    }
  }
}
