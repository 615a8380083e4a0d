import t from 'tap';
import { compareTables } from '../../../src/catalog/tables/compare-tables.js';
import { byClient, digest, product } from '../log-builder.js';
import { TableLog } from './table-log.js';
import type { TablesModel } from './tables-model.js';
import { tradesAt } from './trades.js';

function busyLog(): TableLog {
  const log = new TableLog();
  log.sell(byClient('a', [[1, 1]]), byClient('b', [[1, 2]]));
  log.sell(byClient('c', [[1, 1]]));
  log.change('d', ['update', 2, { add: 1 }]);
  log.write();
  return log;
}

/** Changes a row as an operator's UPDATE would. */
function edit<Row extends object>(rows: Map<number, Row>, id: number, change: Partial<Row>): void {
  const row = rows.get(id);
  if (row) rows.set(id, { ...row, ...change });
}

t.test('tables as they were written agree', async (t) => {
  const log = busyLog();
  t.same(await compareTables(log.model, log.leader.machine), []);
});

t.test('a row that was changed by hand is named with its column and both values', async (t) => {
  const cases: [(model: TablesModel) => void, string[]][] = [
    [
      ({ productRows }) => edit(productRows, 1, { quantity: 1_000, restockTo: 5 }),
      ['products 1 restock_to: 5, not null', 'products 1 quantity: 1000, not 96'],
    ],
    [
      ({ productRows }) => edit(productRows, 2, { priceCents: 1, name: 'Wale' }),
      ['products 2 name: "Wale", not "Whale"', 'products 2 price_cents: 1, not 700'],
    ],
    [({ productRows }) => productRows.delete(1), ['products 1: no row, not a row']],
    [
      ({ productRows, productRows: rows }) => {
        const row = rows.get(1);
        if (row) productRows.set(9, { ...row, id: 9 });
      },
      ['products 9: a row, not no row'],
    ],
    [
      ({ orderRows }) => edit(orderRows, 2, { totalCents: 7 }),
      ['orders 2 total_cents: 7, not 3980'],
    ],
    [({ orderRows }) => orderRows.delete(3), ['orders 3: no row, not a row']],
    [({ orderRows }) => edit(orderRows, 3, { seq: 3 }), ['orders 3 seq: "as before", not "later"']],
    [
      ({ orderRows }) => {
        const lines = [{ productId: 1, name: 'Tux', quantity: 9, priceCents: 1990 }];
        edit(orderRows, 3, { lines });
      },
      [
        'orders 3 lines: [{"productId":1,"name":"Tux","quantity":9,"priceCents":1990}], ' +
          'not [{"productId":1,"name":"Tux","quantity":1,"priceCents":1990}]',
      ],
    ],
    [
      ({ keyRows }) => edit(keyRows.client, 2, { first: 8 }),
      ['purchase_keys client 2 first: 8, not 2'],
    ],
    [({ keyRows }) => keyRows.client.delete(1), ['purchase_keys client 1: no row, not a row']],
    [
      ({ changeRows }) => edit(changeRows, 1, { requestHash: new Uint8Array(8) }),
      [
        `change_keys 1 request_hash: ${'0'.repeat(16)}, not ${Buffer.from(digest('request').slice(0, 8)).toString('hex')}`,
      ],
    ],
  ];
  for (const [change, expected] of cases) {
    const log = busyLog();
    change(log.model);
    const found = await compareTables(log.model, log.leader.machine);
    const texts = found.map(({ table, id, column, stored, expected: wanted }) => {
      return `${table} ${id}${column ? ` ${column}` : ''}: ${stored}, not ${wanted}`;
    });
    t.same(texts.sort(), expected.sort());
  }
});

t.test('at most twenty rows are named', async (t) => {
  const log = new TableLog();
  const names = Array.from({ length: 30 }, (_, n) => product(`Toy ${n}`));
  for (const wanted of names) log.append(['add', wanted]);
  log.write();
  for (const id of log.model.productRows.keys())
    edit(log.model.productRows, id, { topic: 'other' });
  const found = await compareTables(log.model, log.leader.machine);
  t.equal(found.length, 20);
  t.match(found[0], { table: 'products', id: '1', column: 'topic' });
});

t.test('a machine at another log position is not compared further', async (t) => {
  const log = busyLog();
  log.append(['remove', 1, null]);
  const found = await compareTables(log.model, log.leader.machine);
  const difference = { table: 'state', id: '1', column: 'applied_seq', stored: '5', expected: '6' };
  t.same(found, [difference]);
});

t.test('a hold that was changed by hand is named', async (t) => {
  const cases: [(model: TablesModel) => void, string][] = [
    [({ holdRows }) => edit(holdRows, 1, { endTime: 7 }), '1 end_time: 7, not 60000'],
    [({ holdRows }) => edit(holdRows, 2, { state: 'open' }), '2 state: "open", not "released"'],
    [({ holdRows }) => holdRows.delete(2), '2 undefined: no row, not a row'],
    [
      ({ holdRows }) => edit(holdRows, 1, { lines: [] }),
      '1 lines: [], not [{"productId":1,"quantity":2,"priceCents":1990}]',
    ],
    [({ productRows }) => edit(productRows, 1, { reserved: 9 }), '1 reserved: 9, not 2'],
  ];
  for (const [change, expected] of cases) {
    const log = new TableLog(undefined, 3);
    const { hold, release } = tradesAt(0);
    log.trade(hold('one', [[1, 2]]), hold('two', [[1, 1]]), release('two'));
    log.write();
    t.same(await compareTables(log.model, log.leader.machine), []);
    change(log.model);
    const found = await compareTables(log.model, log.leader.machine);
    const texts = found.map(({ id, column, stored, expected: wanted }) => {
      return `${id} ${column}: ${stored}, not ${wanted}`;
    });
    t.same(texts, [expected]);
  }
});

t.test('a cancellation that was changed by hand is named', async (t) => {
  const cases: [(model: TablesModel) => void, string[]][] = [
    [
      ({ cancellationRows: rows }) => edit(rows, 2, { reason: 'mine' }),
      ['2 reason: "mine", not null'],
    ],
    [({ cancellationRows: rows }) => edit(rows, 2, { batch: 2 }), ['2 batch: 2, not 1']],
    [
      ({ cancellationRows: rows }) => edit(rows, 2, { cancelled: [1, 9] }),
      ['2 cancelled: [1,9], not [1,3]', 'of order 1 units: [1,9], not [1,3]'],
    ],
    [
      ({ cancellationRows: rows }) => rows.delete(2),
      [
        '2 undefined: no row, not a row',
        'of order 1 last: 1, not 2',
        'of order 1 count: 1, not 2',
        'of order 1 units: [1,1], not [1,3]',
      ],
    ],
  ];
  for (const [change, expected] of cases) {
    const log = new TableLog(undefined, 3);
    const { buy, cancel } = tradesAt(0);
    log.trade(buy('a', [[1, 3]]));
    const [sale] = log.sales;
    if (!sale) throw new Error('nothing was sold');
    log.trade(cancel('b', sale, { lines: [[1, 1]] }), cancel('c', sale));
    log.write();
    t.same(await compareTables(log.model, log.leader.machine), []);
    change(log.model);
    const found = await compareTables(log.model, log.leader.machine);
    const texts = found.map(({ id, column, stored, expected: wanted }) => {
      return `${id} ${column}: ${stored}, not ${wanted}`;
    });
    t.same(texts.sort(), expected.sort());
  }
});

t.test('a movement of stock that was changed by hand is named', async (t) => {
  const cases: [(model: TablesModel) => void, string][] = [
    [
      ({ movementRows: rows }) => edit(rows, 4, { cause: 'change' }),
      '4 cause: "change", not "sale"',
    ],
    [
      ({ movementRows: rows }) => edit(rows, 4, { beginsRun: true }),
      '4 begins_run: true, not false',
    ],
    [({ movementRows: rows }) => rows.delete(4), '4 undefined: no row, not a row'],
  ];
  for (const [change, expected] of cases) {
    const log = new TableLog(undefined, 4);
    const { buy } = tradesAt(0);
    log.trade(buy('a', [[1, 3]]), buy('b', [[1, 1]]));
    log.write();
    t.same(await compareTables(log.model, log.leader.machine), []);
    change(log.model);
    const found = await compareTables(log.model, log.leader.machine);
    const texts = found.map(({ id, column, stored, expected: wanted }) => {
      return `${id} ${column}: ${stored}, not ${wanted}`;
    });
    t.same(texts, [expected]);
  }
});
