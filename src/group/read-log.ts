/**
 * Reads a member's log from its files, for jobs: each entry once, in order, in its last version.
 * A journal holds truncated entries too; an entry is given out when so many have come after it that
 * it must have been committed (docs/PROTOCOL.md, R6: the uncommitted tail is bounded).
 */
import { assert } from '../base/assert.js';
import { logLimits } from '../base/limits.js';
import type { Entry } from '../consensus/types.js';
import { readJournal } from '../storage/read-journal.js';
import type { Disk } from '../storage/types.js';

const heldBack = 2 * logLimits.uncommittedEntriesMax;

/** Gives out the entries from `fromSeq` through `throughSeq`, which must be committed. */
export async function readLog(
  disk: Disk,
  folder: string,
  range: { readonly fromSeq: number; readonly throughSeq: number },
  give: (entry: Entry) => void,
): Promise<void> {
  const { fromSeq, throughSeq } = range;
  const held = new Map<number, Entry>();
  let next = fromSeq;
  const giveNext = (): void => {
    const entry = held.get(next);
    assert(entry, `the journal in ${folder} holds entry ${next}`);
    held.delete(next);
    next++;
    give(entry);
  };
  await readJournal(disk, folder, (record) => {
    if (record.kind === 'truncate') {
      assert(record.from >= next, 'what is committed is never truncated');
      for (const seq of held.keys()) if (seq >= record.from) held.delete(seq);
    }
    if (record.kind !== 'entry') return;
    const { entry } = record;
    if (entry.seq < next || entry.seq > throughSeq) return;
    held.set(entry.seq, entry);
    if (held.size > heldBack) giveNext();
  });
  while (next <= throughSeq) giveNext();
}
