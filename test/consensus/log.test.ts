/** The log as the core sees it: order, truncation, and what memory may forget. */
import t from 'tap';
import { logLimits } from '../../src/base/limits.js';
import { isGreater, Log } from '../../src/consensus/log.js';
import type { Entry } from '../../src/consensus/types.js';

const start = { seq: 0, epoch: 0, time: 0 };

function entry(seq: number, epoch: number, bytes = 1): Entry {
  return { seq, epoch, time: seq * 10, command: new Uint8Array(bytes) };
}

function filled(epochs: readonly number[]): Log {
  const log = new Log(start);
  for (const [i, epoch] of epochs.entries()) log.append(entry(i + 1, epoch), i + 1);
  return log;
}

t.test('a later epoch is greater than a longer log', async (t) => {
  t.equal(isGreater({ epoch: 3, seq: 1 }, { epoch: 2, seq: 9 }), true);
  t.equal(isGreater({ epoch: 2, seq: 9 }, { epoch: 2, seq: 8 }), true);
  t.equal(isGreater({ epoch: 2, seq: 8 }, { epoch: 2, seq: 8 }), false);
});

t.test(
  'entries follow each other without gaps, and neither epoch nor time goes back',
  async (t) => {
    const log = filled([1, 1, 2]);
    t.throws(() => log.append(entry(5, 2), 4), /gap/);
    t.throws(() => log.append(entry(4, 1), 4), /epoch/);
    t.throws(() => log.append({ ...entry(4, 2), time: 29 }, 4), /time/);
    t.same(log.last, { seq: 3, epoch: 2, time: 30 });
  },
);

t.test('each entry in memory is found by its seq, including the first and the last', async (t) => {
  const log = filled([1, 1, 2]);
  t.same(
    [0, 1, 2, 3, 4].map((seq) => log.entry(seq)?.seq),
    [undefined, 1, 2, 3, undefined],
  );
});

t.test('the epoch of each entry is known, and of none beyond the log', async (t) => {
  const log = filled([1, 1, 3, 4, 4]);
  t.same(
    [0, 1, 2, 3, 4, 5, 6].map((seq) => log.epochOf(seq)),
    [0, 1, 1, 3, 4, 4, undefined],
  );
});

t.test('a leader goes back a whole epoch at a time', async (t) => {
  const log = filled([1, 1, 3, 3, 5]);
  t.equal(log.lastOfEpochAtMost(4, 2), 2);
  t.equal(log.lastOfEpochAtMost(4, 3), 4);
  t.equal(log.lastOfEpochAtMost(9, 9), 5);
  t.equal(log.lastOfEpochAtMost(4, 0), 0);
});

t.test('truncation drops the suffix and its epochs', async (t) => {
  const log = filled([1, 2, 2, 3]);
  log.persisted(4);
  log.truncate(3);
  t.same(log.last, { seq: 2, epoch: 2, time: 20 });
  t.equal(log.durable, 2);
  t.equal(log.epochOf(3), undefined);
  log.append(entry(3, 4), 6);
  t.equal(log.epochOf(3), 4);
  log.invariants();
});

t.test('an entry that replaced another is durable only after its own record', async (t) => {
  const log = filled([1, 1]);
  log.truncate(2);
  log.append(entry(2, 2), 4);
  log.persisted(2);
  t.equal(log.durable, 1);
  log.persisted(4);
  t.equal(log.durable, 2);
});

t.test('memory drops durable entries beyond its limits, and no others', async (t) => {
  const log = new Log(start);
  const count = logLimits.tailEntriesKept + 100;
  for (let seq = 1; seq <= count; seq++) log.append(entry(seq, 1), seq);
  t.equal(log.firstInMemory, 1, 'nothing is durable yet');
  log.persisted(50);
  t.equal(log.firstInMemory, 51);
  log.persisted(count);
  t.equal(log.firstInMemory, 101);
  t.equal(log.entry(100), undefined);
  t.equal(log.slice(100), undefined);
  t.equal(log.epochOf(1), 1, 'epochs are remembered');
  log.invariants();
});

t.test('bytes are limited as well', async (t) => {
  const log = new Log(start);
  const piece = 1024 * 1024;
  for (let seq = 1; seq <= 12; seq++) log.append(entry(seq, 1, piece), seq);
  log.persisted(12);
  t.equal(12 - log.firstInMemory + 1, logLimits.tailBytesKept / piece);
});

t.test('one message carries a limited slice', async (t) => {
  const log = new Log(start);
  for (let seq = 1; seq <= 1_000; seq++) log.append(entry(seq, 1), seq);
  t.equal(log.slice(1)?.length, logLimits.appendEntriesMax);
  t.equal(log.slice(900)?.length, 101);
  const large = new Log(start);
  for (let seq = 1; seq <= 4; seq++) large.append(entry(seq, 1, 3 * 1024 * 1024), seq);
  t.equal(large.slice(1)?.length, 1, 'at least one');
});

t.test('after a snapshot the log begins with the entry after it', async (t) => {
  const log = filled([1, 1, 2]);
  log.reset({ seq: 10, epoch: 4, time: 200 });
  t.same([log.epochOf(10), log.epochOf(9), log.epochOf(11)], [4, undefined, undefined]);
  t.throws(() => log.truncate(10), /snapshot/);
  log.append({ ...entry(11, 4), time: 200 }, 5);
  t.equal(log.last.seq, 11);
  log.invariants();
});
