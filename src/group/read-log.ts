/**
 * Reads a member's log from its files, for jobs: each committed entry once, in order.
 */
import { assert } from '../base/assert.js';
import { type Rest, restless } from '../base/pace.js';
import type { Entry } from '../consensus/types.js';
import { openJournalReader } from '../storage/read-journal.js';
import type { Disk } from '../storage/types.js';

/** Applying this much takes a few milliseconds. */
const readBytesMax = 256 * 1024;

/** Yields the entries from `fromSeq` through `throughSeq`, which must be committed. */
export async function readLog(
  disk: Disk,
  folder: string,
  { fromSeq, throughSeq }: { readonly fromSeq: number; readonly throughSeq: number },
  give: (entry: Entry) => void,
  rest: Rest = restless,
): Promise<void> {
  const reader = await openJournalReader(disk, folder, { fromSeq });
  try {
    for (let next = fromSeq; next <= throughSeq; ) {
      const entries = await reader.readEntries(next, readBytesMax);
      assert(entries[0]?.seq === next, `the journal in ${folder} holds entry ${next}`);
      for (const entry of entries) if (entry.seq <= throughSeq) give(entry);
      next += entries.length;
      await rest();
    }
  } finally {
    await reader.close();
  }
}
