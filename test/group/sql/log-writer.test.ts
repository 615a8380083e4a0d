/** The transactions of a leader: batches, repeated writes, refused tables, confirmations and the end. */
import t from 'tap';
import type { TableChanges } from '../../../src/database/rows.js';
import { LogWriter, type LogWriterOptions } from '../../../src/group/sql/log-writer.js';
import { allSqlRules } from '../../../src/group/sql/sql-rules.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import {
  entryAt,
  FakeDatabase,
  fenced,
  notWritten,
  refused,
  turn,
  unknown,
  written,
} from './fake-database.js';

const session = 9;
const end = { seq: 4, epoch: 1, time: 0 };

function changesThrough(appliedSeq: number): TableChanges {
  const none = { products: [], orders: [], purchaseKeys: [], changeKeys: [] };
  const kept = { client: 0, frontend: 0, change: 0 };
  const ends = { lastOrder: 0, lastCancellation: 0, lastMovement: 0 };
  return { appliedSeq, ...ends, head: new Uint8Array(0), ...none, kept };
}

function start(options: Partial<LogWriterOptions> = {}) {
  const clock = new ManualClock();
  const database = new FakeDatabase();
  const events: string[] = [];
  const writer = new LogWriter({
    ...{ database, clock, epoch: 2, end, session, rules: allSqlRules, tables: undefined },
    written: ({ seq }) => events.push(`written ${seq}`),
    ended: (why) => events.push(`ended: ${why}`),
    refused: (reason) => events.push(`refused: ${reason}`),
    ...options,
  });
  const confirm = (name: string): void =>
    writer.confirm({
      resolve: () => events.push(`confirmed ${name}`),
      reject: () => events.push(`rejected ${name}`),
    });
  return { clock, database, events, writer, confirm };
}

/** The opening entry is written. */
async function lead(options: Partial<LogWriterOptions> = {}) {
  const started = start(options);
  const { database, events, writer } = started;
  writer.append(entryAt(5, 2));
  writer.pump();
  await database.answer(written);
  events.length = 0;
  return started;
}

t.test('what arrives during a transaction goes into the next one', async (t) => {
  const { database, events, writer } = start();
  for (const seq of [5, 6, 7]) {
    writer.append(entryAt(seq, 2));
    writer.pump();
  }
  t.equal(database.writes.length, 1);
  t.match(database.lastWrite, { epoch: 2, end, entries: [{ seq: 5 }], session });
  await database.answer(written);
  t.match(database.lastWrite, { end: { seq: 5, epoch: 2 }, entries: [{ seq: 6 }, { seq: 7 }] });
  t.equal(database.lastWrite.session, undefined, 'only the first write needs its session');
  await database.answer(written);
  t.same(events, ['written 5', 'written 7']);
  t.equal(database.writes.length, 2, 'without a request nothing is written');
});

t.test('a request is confirmed by a transaction that begins after it', async (t) => {
  const { database, events, writer, confirm } = await lead();
  confirm('a');
  writer.pump();
  confirm('b');
  confirm('c');
  writer.pump();
  await database.answer(written);
  t.same(events, ['confirmed a']);
  t.equal(database.writes.length, 3, 'one transaction serves all that wait');
  await database.answer(written);
  t.same(events, ['confirmed a', 'confirmed b', 'confirmed c']);
});

t.test('a write that changed nothing is repeated after a growing pause', async (t) => {
  const { clock, database, events, writer, confirm } = await lead();
  writer.append(entryAt(6, 2));
  confirm('a');
  writer.pump();
  await database.answer(notWritten);
  writer.append(entryAt(7, 2));
  writer.pump();
  t.equal(database.writes.length, 2, 'no other write passes it');
  clock.advance(19);
  t.equal(database.writes.length, 2);
  clock.advance(1);
  t.match(database.lastWrite, { end: { seq: 5 }, entries: [{ seq: 6 }] });
  await database.answer(notWritten);
  clock.advance(39);
  t.equal(database.writes.length, 3);
  clock.advance(1);
  t.equal(database.writes.length, 4);
  t.equal(writer.silentMs(clock.nowMs()), 60, 'the database counts as silent since the first try');
  await database.answer(written);
  t.same(events, ['confirmed a', 'written 6']);
  t.match(database.lastWrite.entries, [{ seq: 7 }]);
});

t.test('the lead ends when the database writes nothing for a second', async (t) => {
  const { clock, database, events, writer, confirm } = await lead();
  writer.append(entryAt(6, 2));
  confirm('a');
  writer.pump();
  for (let tries = 0; tries < 10; tries++) {
    await database.answer(notWritten);
    clock.advance(500);
  }
  t.same(events, ['rejected a', 'ended: unanswered']);
  t.ok(database.writes.length < 9);
});

t.test('a first write that fails ends the lead, because the log must be read again', async (t) => {
  const { database, events, writer } = start();
  writer.append(entryAt(5, 2));
  writer.pump();
  await database.answer(notWritten);
  t.same(events, ['ended: unknown']);
});

for (const [result, why] of [
  [fenced, 'fenced'],
  [unknown, 'unknown'],
] as const) {
  t.test(`a ${why} write ends the lead and rejects those that wait`, async (t) => {
    const { database, events, writer, confirm } = await lead();
    writer.append(entryAt(6, 2));
    confirm('a');
    writer.pump();
    writer.append(entryAt(7, 2));
    confirm('b');
    await database.answer(result);
    t.same(events, ['rejected a', 'rejected b', `ended: ${why}`]);
    confirm('c');
    writer.pump();
    await turn();
    t.same(events.at(-1), 'rejected c');
    t.equal(database.writes.length, 2, 'nothing is written after the end');
  });
}

t.test('tables that refuse a row stay behind, and the log goes on', async (t) => {
  const tables = { changes: () => changesThrough(5), written: () => t.fail('nothing was written') };
  const { database, events, writer, confirm } = start({ tables });
  writer.append(entryAt(5, 2));
  writer.pump();
  t.match(database.lastWrite.changes, { appliedSeq: 5 });
  await database.answer(refused);
  t.match(database.lastWrite, { entries: [{ seq: 5 }], session });
  t.equal(database.lastWrite.changes, undefined);
  await database.answer(written);
  t.same(events, ['refused: products: quantity of 7 is -1', 'written 5']);
  confirm('a');
  writer.pump();
  t.equal(database.lastWrite.changes, undefined);
});

t.test('the tables follow within 50 ms without another write', async (t) => {
  let applied = 5;
  let shown = 0;
  const { clock, database, writer } = await lead({
    tables: {
      changes: () => (applied > shown ? changesThrough(applied) : undefined),
      written: ({ appliedSeq }) => {
        shown = appliedSeq;
      },
    },
  });
  applied = 6;
  writer.tablesChanged();
  clock.advance(49);
  t.equal(database.writes.length, 1);
  clock.advance(1);
  t.match(database.lastWrite, { entries: [], changes: { appliedSeq: 6 } });
  applied = 7;
  await database.answer(written);
  t.equal(shown, 6, 'what is applied meanwhile stays pending');
  writer.tablesChanged();
  writer.append(entryAt(6, 2));
  writer.pump();
  t.match(database.lastWrite.changes, { appliedSeq: 7 }, 'a batch brings them too');
  await database.answer(written);
  clock.advance(50);
  t.equal(database.writes.length, 3, 'nothing is left to write');
});

t.test('after a stop nothing is written or reported', async (t) => {
  const { clock, database, events, writer, confirm } = await lead();
  writer.append(entryAt(6, 2));
  confirm('a');
  writer.pump();
  confirm('b');
  writer.stop();
  t.same(events, ['rejected b']);
  await database.answer(written);
  t.same(events, ['rejected b', 'confirmed a'], 'that transaction was of the own epoch');
  writer.append(entryAt(7, 2));
  writer.pump();
  clock.advance(1_000);
  t.equal(database.writes.length, 2);
});

t.test('a stop during the pause of a repeated write rejects those that wait', async (t) => {
  const { clock, database, events, writer, confirm } = await lead();
  confirm('a');
  writer.pump();
  await database.answer(notWritten);
  writer.stop();
  clock.advance(20);
  t.same(events, ['rejected a']);
  t.equal(database.writes.length, 2);
});
