/** A journal that reports appended and durable records to a checker. Changes nothing. */
import type { LogRecord, MemberId } from '../src/consensus/types.js';
import type { Journal } from '../src/storage/types.js';
import type { LogChecker } from './log-checker.js';

export function watchedJournal(journal: Journal, id: MemberId, checker: LogChecker): Journal {
  return {
    recovered: journal.recovered,
    append(records: readonly LogRecord[]): number {
      checker.appended(id, records);
      return journal.append(records);
    },
    onDurable: (callback) =>
      journal.onDurable((position) => {
        checker.durable(id, position);
        callback(position);
      }),
    onFailure: (callback) => journal.onFailure(callback),
    readEntries: (fromSeq, maxBytes) => journal.readEntries(fromSeq, maxBytes),
    readEntry: (seq) => journal.readEntry(seq),
    closedThrough: () => journal.closedThrough(),
    dropBefore: (seq) => journal.dropBefore(seq),
    close: () => journal.close(),
  };
}
