import t from 'tap';
import { required } from '../../src/base/assert.js';
import type { HoldChanges, HoldOrder, HoldRow } from '../../src/database/rows.js';
import { openSession } from '../../src/database/session.js';
import { openTables } from '../../src/database/table-pieces.js';
import type { Lead } from '../../src/database/types.js';
import { writeStatement } from '../../src/database/write-statement.js';
import { type TestDatabase, testStore } from '../support/postgres-server.js';
import { changed, holdLock, logOf, ownSessions, untilWaiting } from './faults.js';
import {
  append,
  cancellationsOf,
  leadAfter,
  noChanges,
  nothing,
  releasedHolds,
  sales,
} from './rows.js';

t.test('entries come back in their order, a piece at a time', async (t) => {
  const log = logOf(t, await testStore(t));
  const lead = await log.takeLead('catalog-1');
  t.match(lead, { epoch: 1, end: { seq: 0, epoch: 0, time: 0 } });
  const write = append(lead, 50);
  t.same(await log.write(write), { kind: 'written' });
  t.same(await log.readEntries(0, 1_000_000), write.entries);
  t.same(await log.readEntries(48, 1), write.entries.slice(48, 49), 'at least one');
  t.same(await log.readEntries(10, 20), write.entries.slice(10, 13), 'about the bytes');
  t.same(await log.readEntries(50, 1_000), []);
});

t.test('a deposed leader writes nothing, and the next one reads the end of the log', async (t) => {
  const database = await testStore(t);
  const [old, next] = [logOf(t, database), logOf(t, database)];
  const first = await old.takeLead('catalog-1');
  const write = append(first, 3, sales(2));
  t.same(await old.write(write), { kind: 'written' });
  const second = await next.takeLead('catalog-2');
  t.match(second, { epoch: 2, end: { seq: 3, epoch: 1, time: 30 } });
  const late = append(leadAfter(first, write), 1, sales(3));
  t.same(await old.write(late), { kind: 'fenced' });
  t.same(await old.write({ ...late, entries: [], changes: undefined }), { kind: 'fenced' });
  t.same(await next.readEntries(0, 1_000), write.entries);
  const [row] = await database.query('SELECT last_order FROM applied');
  t.equal(Number(row?.last_order), 2, 'the tables did not change');
  t.same(await next.write(append(second, 1)), { kind: 'written' });
});

t.test('the server compiles no statement of a session, whatever its own setting is', async (t) => {
  const own = changed(await testStore(t), (url) => {
    url.searchParams.set('options', '-c jit=on -c jit_above_cost=0');
  });
  const opened = await openSession(own);
  if (opened.kind !== 'open') return t.fail(opened.failure.message);
  t.teardown(() => opened.session.close());
  const text = "SELECT current_setting('jit') AS compiles";
  return t.match(await opened.session.query({ text }, 1_000), { rows: [{ compiles: 'off' }] });
});

t.test('a write at another end of the log is fenced', async (t) => {
  const log = logOf(t, await testStore(t));
  const lead = await log.takeLead('catalog-1');
  const write = append(lead, 1);
  t.same(await log.write(write), { kind: 'written' });
  t.same(await log.write(write), { kind: 'fenced' }, 'never appended twice');
  const ahead = { ...lead, end: { ...write.end, seq: 5, epoch: 1 } };
  t.same(await log.write(append(ahead, 1)), { kind: 'fenced' });
});

t.test('on another session than the wanted one nothing is read or written', async (t) => {
  const database = await testStore(t);
  const log = logOf(t, database);
  const lead = await log.takeLead('catalog-1');
  const { session } = lead;
  t.same(await log.readEntries(0, 1_000, session), []);
  await ownSessions(database, 'pg_terminate_backend');
  await log.readEntries(0, 1_000).catch(() => []);
  await t.rejects(log.readEntries(0, 1_000, session), { code: 'unavailable' });
  t.match(await log.write({ ...append(lead, 1), session }), { kind: 'not_written' });
  t.same(await log.readEntries(0, 1_000), []);
  const again = await log.takeLead('catalog-1');
  t.same(await log.write({ ...append(again, 1), session: again.session }), { kind: 'written' });
});

t.test('a confirmation changes only the leader row', async (t) => {
  const database = await testStore(t);
  const log = logOf(t, database);
  const lead = await log.takeLead('catalog-1');
  t.same(await log.write(append(lead, 0)), { kind: 'written' });
  const [row] = await database.query(
    "SELECT confirmations, log_end_seq FROM leaders WHERE group_name = 'catalog'",
  );
  t.same(row, { confirmations: '1', log_end_seq: '0' });
});

t.test('a takeover waits for a transaction under way and reads its entries', async (t) => {
  const database = await testStore(t);
  const [old, next] = [logOf(t, database), logOf(t, database)];
  const lead = await old.takeLead('catalog-1');
  const held = await holdLock(t, database, 'SELECT * FROM applied FOR UPDATE');
  // The write holds the leader row, and waits for the row of the tables.
  const writing = old.write(append(lead, 2, sales(2)));
  await untilWaiting(database, 1);
  const taking = next.takeLead('catalog-2');
  await untilWaiting(database, 2);
  await held.release();
  t.same(await writing, { kind: 'written' });
  t.same((await taking).end, { seq: 2, epoch: 1, time: 20 });
  t.equal((await next.readEntries(0, 1_000)).length, 2);
});

t.test('the same changes twice leave the same tables', async (t) => {
  const database = await testStore(t);
  const log = logOf(t, database);
  let lead = await log.takeLead('catalog-1');
  const changes = cancellationsOf([1, 3], 3);
  const first = append(lead, 3, changes);
  t.same(await log.write(first), { kind: 'written' });
  lead = leadAfter(lead, first);
  const before = await tablesOf(database);
  t.same(await log.write(append(lead, 0, changes)), { kind: 'written' });
  t.same(await tablesOf(database), before);
  t.equal(before.order_lines?.length, 3);
  t.equal(before.cancellation_lines?.length, 3);
  t.equal(before.purchase_keys?.length, 3);
});

t.test('a refused row is named, and nothing is written', async (t) => {
  const database = await testStore(t);
  const log = logOf(t, database);
  const lead = await log.takeLead('catalog-1');
  const wrong = sales(3, 2);
  const result = await log.write(append(lead, 1, wrong));
  t.equal(result.kind, 'refused');
  t.match(result, { reason: /table products.*products_quantity_check.*\(1, A/ });
  t.same(await log.readEntries(0, 1_000), []);
  const orphan = { ...sales(1), products: [] };
  t.match(await log.write(append(lead, 1, orphan)), {
    kind: 'refused',
    reason: /table order_lines.*product_id.*\(product_id\)=\(1\)/,
  });
  t.same(await log.write(append(lead, 1)), { kind: 'written' }, 'the log goes on alone');
});

t.test('dropped keys are deleted in bounded pieces', async (t) => {
  const database = await testStore(t);
  const log = logOf(t, database);
  const lead = await log.takeLead('catalog-1');
  const count = 1_300;
  const keys = { ...sales(count, 10_000), orders: [] };
  const drop = { ...noChanges, kept: { client: 1_200, frontend: 1, change: 2 } };
  t.same(await log.write(append(lead, 0, keys)), { kind: 'written' });
  const left = async (): Promise<number> => {
    const [row] = await database.query('SELECT count(*)::integer AS keys FROM purchase_keys');
    return Number(row?.keys);
  };
  for (const expected of [800, 300, 101, 101]) {
    t.same(await log.write(append(lead, 0, drop)), { kind: 'written' });
    t.equal(await left(), expected);
    const tables = await openTables(database);
    for await (const rows of tables.purchaseKeys('client', 1_200)) {
      t.match(rows, { length: 101, 0: { ordinal: 1_200 } }, 'dropped ones are not read');
    }
    await tables.close();
  }
  t.same(await database.query('SELECT * FROM change_keys'), []);
});

t.test('a refused hold is named', async (t) => {
  const log = logOf(t, await testStore(t));
  const lead = await log.takeLead('catalog-1');
  const [hold] = releasedHolds(1);
  const writeOf = (change: Partial<HoldRow>) => {
    const rows = hold ? [{ ...hold, ...change }] : [];
    const holds = { rows, linesThrough: 0, gone: [], resolvedFrom: 0 };
    return log.write(append(lead, 1, { ...sales(1), holds }));
  };
  t.match(await writeOf({ orderNumber: 7 }), {
    kind: 'refused',
    reason: /table holds, constraint holds_end_check.*\(1, /,
  });
  t.match(await writeOf({ lines: [{ productId: 8, quantity: 1, priceCents: 1 }] }), {
    kind: 'refused',
    reason: /table hold_lines.*\(product_id\)=\(8\)/,
  });
  t.same(await writeOf({}), { kind: 'written' });
});

t.test('forgotten holds are deleted by the log time of their end, in bounded pieces', async (t) => {
  const database = await testStore(t);
  const log = logOf(t, database);
  const lead = await log.takeLead('catalog-1');
  const write = async (holds: HoldChanges): Promise<void> => {
    t.same(await log.write(append(lead, 0, { ...sales(1), holds })), { kind: 'written' });
  };
  const none = { rows: [], linesThrough: 1_300, gone: [] };
  const rows = releasedHolds(1_300);
  const opened = [{ ...required(rows[0], 'a hold'), state: 'open' as const }, ...rows.slice(1)];
  await write({ ...none, rows: opened, linesThrough: 0, resolvedFrom: 1 });
  const counts = async () => {
    const [row] = await database.query(`SELECT (SELECT count(*)::int FROM holds) AS holds,
      (SELECT count(*)::int FROM hold_lines) AS lines`);
    return [row?.holds, row?.lines];
  };
  const keptBy = async (order: HoldOrder): Promise<number[]> => {
    const tables = await openTables(database);
    const serials: number[] = [];
    for await (const batch of tables.holds(1_001, order)) {
      serials.push(...batch.map(({ serial }) => serial));
    }
    await tables.close();
    return serials;
  };
  const kept = [1, ...rows.slice(1_000).map(({ serial }) => serial)];
  t.same(await keptBy('by serial'), kept, 'forgotten ones are not read');
  t.same(await keptBy('open ones first, then by end'), kept);
  for (const left of [800, 301, 301]) {
    await write({ ...none, resolvedFrom: 1_001 });
    t.same(await counts(), [left, left], 'open ones stay');
  }
  await write({ ...none, gone: [1, 2, 1_300], resolvedFrom: 1_001 });
  t.same(await counts(), [299, 299]);
  await write({ ...none, resolvedFrom: Number.MAX_SAFE_INTEGER });
  t.same(await counts(), [0, 0]);
  // Later ones, after a time without resolved holds.
  await write({ ...none, rows: rows.slice(0, 3), linesThrough: 0, resolvedFrom: 1 });
  await write({ ...none, resolvedFrom: 3 });
  t.same(await counts(), [1, 1]);
});

t.test('a statement has only the parts that its write needs', (t) => {
  const lead: Lead = { epoch: 1, end: nothing, session: 1 };
  const dropped = { client: 1, frontend: 1, change: 1, resolvedBefore: 5 };
  const nameOf = (holds?: HoldChanges): string | undefined => {
    const write = append(lead, 1, { ...noChanges, holds });
    return writeStatement({ group: 'catalog', write, dropped }).name;
  };
  const holds = { rows: [], linesThrough: 2, gone: [], resolvedFrom: 5 };
  t.equal(nameOf(), 'write_fla');
  t.equal(nameOf(holds), 'write_fla');
  t.equal(nameOf({ ...holds, rows: releasedHolds(2) }), 'write_flah', 'the lines are there');
  t.equal(nameOf({ ...holds, rows: releasedHolds(3), gone: [7] }), 'write_flahnw');
  t.equal(nameOf({ ...holds, resolvedFrom: 6 }), 'write_flae');
  t.end();
});

async function tablesOf(database: TestDatabase): Promise<Record<string, readonly unknown[]>> {
  const tables: Record<string, readonly unknown[]> = {};
  for (const name of [
    'applied',
    'products',
    'orders',
    'order_lines',
    'purchase_keys',
    'change_keys',
    'holds',
    'hold_lines',
    'cancellations',
    'cancellation_lines',
  ]) {
    tables[name] = await database.query(`SELECT * FROM ${name} ORDER BY 1, 2`);
  }
  return tables;
}
