import t from 'tap';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { piecesOfTables, restoreFromTables } from '../../../src/catalog/tables/restore-tables.js';
import type { Entry } from '../../../src/consensus/types.js';
import { byClient, byFrontend, product } from '../log-builder.js';
import { TableLog } from './table-log.js';
import { assertShows, Replica, restoredReplica } from './table-store.js';
import { TablesModel } from './tables-model.js';
import { tradesAt } from './trades.js';

/** Three sales in one entry and two in another; the second sale is projected. */
function busyLog(batchRows?: number): TableLog {
  const log = new TableLog(new TablesModel(batchRows));
  log.sell(byClient('a', [[1, 1]]), byClient('b', [[1, 2]]), byFrontend('c', [['Whale', 1]]));
  log.append(['cursor', 2]);
  log.sell(byClient('d', [[1, 1]]), byClient('e', [[1, 2]]));
  log.change('f', ['add', product('Bär', { topic: '🐻' })]);
  log.change('g', ['remove', 2, null]);
  log.append(['capacity', 77]);
  log.append(['register', 'process', 'frontend-1']);
  log.write();
  return log;
}

t.test('empty tables belong to a machine without entries', async (t) => {
  const machine = new CatalogMachine();
  const model = new TablesModel();
  t.same(await restoreFromTables(model, machine), model.row);
  t.equal(machine.hash(), new CatalogMachine().hash());
});

t.test('a sale keeps the run of its entry, also if a part of the run is projected', async (t) => {
  for (const batchRows of [1, 2, 3, 100]) {
    const log = busyLog(batchRows);
    await assertShows(log.model, log.leader.machine.hash());
  }
  const log = busyLog();
  const { machine } = await restoredReplica(log.model);
  t.equal(machine.sales.from(2, 1)?.[0], 1);
  t.equal(machine.sales.from(4, 1)?.[0], 4);
});

t.test('the pieces are those of a snapshot', async (t) => {
  const log = busyLog();
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOfTables(log.model, log.model.row)) pieces.push(piece);
  t.equal(pieces.length > 4, true);
  const restored = new CatalogMachine();
  restored.restore(pieces);
  t.same([...restored.snapshot()], [...log.leader.machine.snapshot()]);
});

t.test('a missing row is named, and the machine stays as it was', async (t) => {
  const losses: [RegExp, (model: TablesModel) => unknown][] = [
    [/products has 2 rows, not 3/, ({ productRows }) => productRows.delete(2)],
    [/order 4 follows 2/, ({ orderRows }) => orderRows.delete(3)],
    [/order 3 follows 1/, ({ orderRows }) => orderRows.delete(2)],
    [/order 2 follows 0/, ({ orderRows }) => orderRows.delete(1)],
    [/orders lacks 5/, ({ orderRows }) => orderRows.delete(5)],
    [/purchase_keys, client: ordinal 3 follows 1/, ({ keyRows }) => keyRows.client.delete(2)],
    [/purchase_keys, frontend lacks ordinal 1/, ({ keyRows }) => keyRows.frontend.delete(1)],
    [/change_keys lacks ordinal 2/, ({ changeRows }) => changeRows.delete(2)],
    [
      /applied_seq or last_order/,
      (model) => {
        model.row = { ...model.row, lastOrder: 4 };
      },
    ],
    [
      /last_cancellation of the state row/,
      (model) => {
        model.row = { ...model.row, lastCancellation: 1 };
      },
    ],
    [
      /no valid head/,
      (model) => {
        model.row = { ...model.row, head: Uint8Array.of(0xc1) };
      },
    ],
  ];
  for (const [message, lose] of losses) {
    const { model } = busyLog();
    lose(model);
    const machine = new CatalogMachine();
    await t.rejects(restoreFromTables(model, machine), { code: 'internal', message });
    t.equal(machine.hash(), new CatalogMachine().hash());
  }
});

/** Two cancellations in one entry and one in another; the first is confirmed. */
function cancelledLog(batchRows?: number): TableLog {
  const log = new TableLog(new TablesModel(batchRows), 3);
  const { buy, cancel } = tradesAt(0);
  log.trade(buy('a', [[1, 3]]), buy('b', [[2, 1]]));
  const [one, other] = log.sales;
  if (!one || !other) throw new Error('nothing was sold');
  log.trade(cancel('c', one, { lines: [[1, 1]] }), cancel('d', other));
  log.write();
  log.append(['cursor', 2, 1]);
  log.trade(cancel('e', one, { restock: false }));
  log.write();
  return log;
}

t.test('cancellations keep the run of their entry, and orders what is cancelled', async (t) => {
  for (const batchRows of [1, 2, 100]) {
    const log = cancelledLog(batchRows);
    await assertShows(log.model, log.leader.machine.hash());
    const { machine } = await restoredReplica(log.model);
    t.equal(machine.cancellations.from(2, 1)?.[0], 1);
    t.equal(machine.cancellations.from(3, 1)?.[0], 3);
    t.same(machine.bounded.cancelledOrders, 2);
  }
});

t.test('a missing cancellation is named', async (t) => {
  const losses: [RegExp, (model: TablesModel) => unknown][] = [
    [/cancellations lacks 3/, ({ cancellationRows }) => cancellationRows.delete(3)],
    [/cancellation 2 follows 0/, ({ cancellationRows }) => cancellationRows.delete(1)],
    [
      /cancellations has 1 orders, not 2/,
      ({ cancellationRows: rows }) => {
        const row = rows.get(2);
        if (row) rows.set(2, { ...row, orderNumber: 1 });
      },
    ],
  ];
  for (const [message, lose] of losses) {
    const { model } = cancelledLog();
    lose(model);
    await t.rejects(restoreFromTables(model, new CatalogMachine()), { code: 'internal', message });
  }
});

/** Two movements in each of three entries; the first three are confirmed. */
function movedLog(batchRows?: number): TableLog {
  const log = new TableLog(new TablesModel(batchRows), 4);
  const { buy, hold } = tradesAt(0);
  log.trade(buy('a', [[1, 3]]), buy('b', [[2, 1]]));
  log.write();
  log.append(['cursor', 2, 0, 3]);
  log.trade(buy('c', [[1, 1]]), hold('d', [[1, 1]]));
  log.write();
  return log;
}

t.test('movements keep the run of their entry', async (t) => {
  for (const batchRows of [1, 2, 100]) {
    const log = movedLog(batchRows);
    await assertShows(log.model, log.leader.machine.hash());
    const { machine } = await restoredReplica(log.model);
    t.equal(machine.movements.from(4, 1)?.[0], 3);
    t.equal(machine.movements.from(6, 1)?.[0], 5);
    t.equal(machine.movements.watermark, 3);
  }
});

t.test('the movements of one entry keep their runs if they are several', async (t) => {
  const count = 2_500;
  const replica = new Replica();
  const [entries, model]: [Entry[], TablesModel] = [[], new TablesModel(1_024)];
  const all = Array.from({ length: count }, (_none, n) => product(`Toy ${n}`, { quantity: 1 }));
  replica.append(entries, ['rules', 4, { restockTo: 0, bundled: [] }], 0);
  replica.append(entries, ['stock', all], 0);
  replica.write(model);
  const runs = replica.machine.view().movements();
  t.same(
    runs.map(([first]) => first),
    [1, 1_001, 2_001],
  );
  await assertShows(model, replica.machine.hash());
  const restored = await restoredReplica(model);
  t.same(restored.machine.view().movements(), runs);
});

t.test('a missing movement is named', async (t) => {
  const losses: [RegExp, (model: TablesModel) => unknown][] = [
    [/stock_movements lacks 6/, ({ movementRows }) => movementRows.delete(6)],
    [/movement 5 follows 3/, ({ movementRows }) => movementRows.delete(4)],
    [
      /last_movement of the state row/,
      (model) => {
        model.row = { ...model.row, lastMovement: 5 };
      },
    ],
  ];
  for (const [message, lose] of losses) {
    const { model } = movedLog();
    lose(model);
    await t.rejects(restoreFromTables(model, new CatalogMachine()), { code: 'internal', message });
  }
});
