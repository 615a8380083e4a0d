import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { SavedCancelled } from '../../../src/catalog/machine/cancel-snapshot.js';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import type { Entry } from '../../../src/consensus/types.js';
import { decode, encode } from '../../../src/wire/codec.js';
import type { Sale, SalesMessage } from '../../../src/wire/internal.js';
import type { Cancellation, TradeOutcome } from '../../../src/wire/trade.js';
import { runs } from '../../support/runs.js';
import { product } from '../log-builder.js';
import type { ModelCancellation } from './cancel-model.js';
import { history, type KnownOrder, type Step } from './catalog-history.js';
import { CatalogModel } from './catalog-model.js';
import { LedgerModel } from './ledger-model.js';
import type { ModelSale } from './model-parts.js';
import { readPieces } from './snapshot-pieces.js';
import { holdIds, tradeHistory } from './trade-history.js';

/** Small, so that they are reached. */
const ofPurchases = { clientKeysMax: 9, unprojectedMax: 12 };
const ofTrades = { clientKeysMax: 40, unprojectedMax: 20, movementsMax: 24 };
const ofHistories = { numRuns: runs(60, 150) };

interface Played {
  readonly machine: CatalogMachine;
  readonly model: CatalogModel;
  readonly entries: readonly Entry[];
  /** Hash and result of each entry. */
  readonly hashes: readonly string[];
  readonly results: readonly unknown[];
  readonly sales: readonly SalesMessage[];
  readonly cancellations: readonly SalesMessage[];
  readonly outcomes: readonly TradeOutcome[];
}

const firstStock: Step = {
  passed: 0,
  command: () => ['stock', [product('Tux', { quantity: 20 }), product('Whale', { quantity: 10 })]],
};

/** A history of trades brings its own first stock, under rules 3 or 4. */
function isStocked([first]: readonly Step[]): boolean {
  return (
    first?.command({ time: 0, lastSale: 0, lastRestock: 0, rules: 0, due: [] })?.[0] === 'rules'
  );
}

function limitsOf(steps: readonly Step[]) {
  return isStocked(steps) ? ofTrades : ofPurchases;
}

/** Plays a history on the machine and on the model, and compares them after each entry. */
function play(steps: readonly Step[]): Played {
  const limits = limitsOf(steps);
  const machine = new CatalogMachine(limits);
  const model = new CatalogModel(limits);
  const entries: Entry[] = [];
  const hashes: string[] = [];
  const results: unknown[] = [];
  const sales: SalesMessage[] = [];
  const cancellations: SalesMessage[] = [];
  const outcomes: TradeOutcome[] = [];
  const ledger = new LedgerModel(assert.fail);
  let time = 0;
  for (const { passed, command: make } of [...(isStocked(steps) ? [] : [firstStock]), ...steps]) {
    time += passed;
    const { lastSale, lastRestock, rules } = machine;
    const { last: lastCancellation } = machine.cancellations;
    const orders = model.sales.map(toOrder);
    const due = machine.holds.dueAt(machine.lastLogTime + passed, 4);
    const { last: lastMovement } = machine.movements;
    const lasts = { lastSale, lastCancellation, lastMovement, lastRestock };
    const present = { ...lasts, rules, due, orders };
    const command = make({ time: machine.lastLogTime, ...present });
    const bytes = command ? encode(command) : new Uint8Array(0);
    const entry = { seq: entries.length + 1, epoch: 1, time, command: bytes };
    const result = machine.apply(entry);
    const expected = model.apply(command, time);
    if (result.kind === 'sell' || result.kind === 'trade') {
      assert.deepEqual(result.outcomes, expected);
      outcomes.push(...result.outcomes);
      if (result.sales) sales.push(result.sales);
      const cancelled = result.kind === 'trade' ? result.cancellations : undefined;
      if (cancelled) cancellations.push(cancelled);
    }
    ledger.applied(command, machine);
    assert.deepEqual(machine.movements.last, model.ledger.last);
    compare(machine, model);
    if (command?.[0] === 'trade') compareCancellations(machine, model);
    entries.push(entry);
    hashes.push(machine.hash());
    results.push(result);
  }
  return { machine, model, entries, hashes, results, sales, cancellations, outcomes };
}

function compare(machine: CatalogMachine, model: CatalogModel): void {
  machine.invariants();
  const living = [...model.living.values()].sort((a, b) => a.id - b.id);
  const records = living.map(({ limit, restockTo, ...product }) => {
    const { id, name, topic, priceCents, stock, version } = product;
    const more = limit ? [restockTo, limit] : restockTo === null ? [] : [restockTo];
    return [id, name, topic, priceCents, stock, version, ...more];
  });
  assert.equal(machine.rules, model.rules);
  assert.equal(machine.clientKeysMax, model.clientKeysMax);
  assert.deepEqual(machine.search({ limit: 100 }).records, records);
  const books = [...model.living.values(), ...model.removed.values()]
    .sort((a, b) => a.id - b.id)
    .map((product) => {
      const { id, name, received, sold, returned, stock } = product;
      const reserved = model.trades.reserved(product);
      assert.equal(product.reserved, reserved);
      return { id, name, received, sold, stock, reserved, returned };
    });
  assert.deepEqual(machine.books(), books);
  for (const id of holdIds) assert.deepEqual(machine.hold(id) ?? null, model.trades.hold(id));
  assert.equal(machine.lastSale, model.sales.length);
  assert.equal(machine.watermark, model.watermark);
  assert.equal(machine.keyCount, model.keys[0].size + model.keys[1].size);
  assert.deepEqual(
    machine.belowTarget(15),
    living
      .filter(({ stock, restockTo }) => stock < (model.rules > 0 ? (restockTo ?? 0) : 15))
      .map(({ id }) => id),
  );
}

function toOrder({ number, lines, customer }: ModelSale): KnownOrder {
  return { number, lines, customer: customer === null ? null : Buffer.from(customer, 'hex') };
}

/** What is kept of each cancelled order is the sum of its cancellations. */
function compareCancellations(machine: CatalogMachine, model: CatalogModel): void {
  const { cancellations: known } = model.trades;
  assert.equal(machine.cancellations.last, known.all.length);
  assert.equal(machine.cancellations.watermark, known.watermark);
  const orders = model.sales.filter(({ number }) => known.of(number).length > 0);
  const expected = orders.map(({ number, lines }) => {
    const [own, units] = [known.of(number), known.unitsOf(number)];
    for (const [id, , bought] of lines) assert.ok((units.get(id) ?? 0) <= bought);
    return [number, own.at(-1)?.number, own.length, ...[...units].flat()];
  });
  const saved = readPieces(machine.snapshot()).flatMap(([kind, some]) => {
    return kind === 'cancelled' ? (some as SavedCancelled[]) : [];
  });
  assert.deepEqual(
    saved.sort(([a = 0], [b = 0]) => a - b),
    expected,
  );
}

t.test('any history follows the rules, and the books balance after each entry', async () => {
  fc.assert(
    fc.property(history, (steps) => {
      const { machine } = play(steps);
      for (const { received, sold, stock } of machine.books()) {
        assert.ok(stock >= 0 && sold >= 0 && received - sold === stock);
      }
    }),
    ofHistories,
  );
});

t.test('any history of trades follows the rules of docs/STOCK.md', async () => {
  fc.assert(
    fc.property(tradeHistory, (steps) => {
      const { machine, model } = play(steps);
      for (const { received, sold, returned, stock, reserved } of machine.books()) {
        assert.ok(stock >= 0 && reserved >= 0 && received - sold + returned === stock + reserved);
      }
      const sold = new Map<number, number>();
      for (const [id, , quantity] of model.sales.flatMap(({ lines }) => lines)) {
        sold.set(id, (sold.get(id) ?? 0) + quantity);
      }
      for (const book of machine.books()) assert.equal(book.sold, sold.get(book.id) ?? 0);
    }),
    { numRuns: runs(80, 300) },
  );
});

t.test('sales are numbered 1, 2, 3 … and contain exactly what was sold', async () => {
  fc.assert(
    fc.property(fc.oneof(history, tradeHistory), (steps) => {
      const { model, sales, machine } = play(steps);
      const decoded = sales.flatMap(([, , bytes]) => decode(bytes) as Sale[]);
      const told = decoded.map(([number, key, lines, totalCents, , of]) => {
        const customer = of ? Buffer.from(of).toString('hex') : null;
        return { number, key: Buffer.from(key).toString('hex'), lines, totalCents, customer };
      });
      assert.deepEqual(told, model.sales);
      const tailed = machine.sales.from(machine.watermark + 1, 1_000);
      const kept = tailed ? (decode(tailed[2]) as Sale[]) : [];
      assert.deepEqual(kept, decoded.slice(decoded.length - kept.length));
      assert.ok(kept.length >= machine.lastSale - machine.watermark);
    }),
    ofHistories,
  );
});

t.test('cancellations are numbered 1, 2, 3 … and contain exactly what was cancelled', async () => {
  fc.assert(
    fc.property(tradeHistory, (steps) => {
      const { model, cancellations, machine } = play(steps);
      const { all, watermark } = model.trades.cancellations;
      const toModel = (one: Cancellation): ModelCancellation => {
        const [number, key, order, lines, totalCents, restock, reason, at] = one;
        const [, , , , , , , , previous, flat, isWhole] = one;
        const cancelled = new Map(
          flat.flatMap((id, at) => (at % 2 === 0 ? [[id, flat[at + 1] ?? 0]] : [])),
        );
        const head = { number, key: Buffer.from(key).toString('hex'), order, lines, totalCents };
        return { ...head, restock, reason, at, previous, cancelled, isWhole };
      };
      const decoded = cancellations.flatMap(([, , bytes]) => decode(bytes) as Cancellation[]);
      assert.deepEqual(decoded.map(toModel), all);
      const tail = machine.cancellations.from(watermark + 1, 1_000);
      const kept = tail ? (decode(tail[2]) as Cancellation[]) : [];
      assert.deepEqual(kept.map(toModel), all.slice(all.length - kept.length));
      assert.ok(kept.length >= all.length - watermark);
      const returned = new Map<number, number>();
      for (const [id, , units] of all.flatMap((one) => (one.restock ? one.lines : []))) {
        returned.set(id, (returned.get(id) ?? 0) + units);
      }
      for (const book of machine.books()) assert.equal(book.returned, returned.get(book.id) ?? 0);
    }),
    { numRuns: runs(80, 300) },
  );
});

t.test('a key never has two outcomes while it is stored', async () => {
  fc.assert(
    fc.property(fc.oneof(history, tradeHistory), (steps) => {
      const { outcomes } = play(steps);
      const fresh = outcomes.filter((outcome) => outcome[0] === 'sold' && !outcome[3]);
      const numbers = fresh.map(([, number]) => number);
      assert.deepEqual(
        numbers,
        numbers.map((_, place) => place + 1),
      );
    }),
    ofHistories,
  );
});

t.test(
  'replicas agree after each entry, even if restored from a snapshot at any entry',
  async () => {
    fc.assert(
      fc.property(fc.oneof(history, tradeHistory), fc.nat(), (steps, where) => {
        const { entries, hashes, results } = play(steps);
        const limits = limitsOf(steps);
        const cut = where % entries.length;
        let replica = new CatalogMachine(limits);
        for (const [place, entry] of entries.entries()) {
          assert.deepEqual(replica.apply(entry), results[place]);
          assert.equal(replica.hash(), hashes[place]);
          if (place !== cut) continue;
          const saved = [...replica.snapshot()];
          replica = new CatalogMachine(limits);
          replica.restore(saved);
          assert.equal(replica.hash(), hashes[place]);
        }
      }),
      ofHistories,
    );
  },
);
