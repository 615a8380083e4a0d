// The write set that the caches get while a command is replicated covers every product that it changes,
// whatever the undecided entries before it do (docs/PROTOCOL.md, R8; docs/STOCK.md, H9).
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { textKey } from '../../../src/base/product-text.js';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { type WriteSet, withUndecided } from '../../../src/catalog/machine/write-set.js';
import { decode, encode } from '../../../src/wire/codec.js';
import {
  type CatalogCommand,
  type ProductRecord,
  type Sale,
  unusedIds,
} from '../../../src/wire/internal.js';
import type { OperationKey } from '../../../src/wire/trade.js';
import { digest, product } from '../log-builder.js';
import type { KnownOrder, Step } from './catalog-history.js';
import { tradeHistory } from './trade-history.js';

function union(sets: readonly WriteSet[]): WriteSet {
  return {
    ids: sets.flatMap(({ ids }) => ids),
    changedNames: sets.flatMap(({ changedNames, stableNames }) => [
      ...changedNames,
      ...stableNames,
    ]),
    stableNames: [],
    topics: sets.flatMap(({ topics }) => topics),
    ...(sets.some(({ all }) => all) ? { all: true } : {}),
  };
}

function recordsOf(machine: CatalogMachine): Map<number, ProductRecord> {
  return new Map(machine.search({ limit: 100 }).records.map((record) => [record[0], record]));
}

/** Appends several entries before the first of them is applied. */
function playInGroups(steps: readonly Step[], size: number): void {
  const machine = new CatalogMachine();
  const orders: KnownOrder[] = [];
  let time = 0;
  for (let first = 0; first < steps.length; first += size) {
    const { lastSale, lastRestock, rules, lastLogTime } = machine;
    const due = machine.holds.dueAt(lastLogTime + 5_000, 4);
    const sets: WriteSet[] = [];
    const commands = steps.slice(first, first + size).map(({ passed, command: make }) => {
      time += passed;
      const made = make({ time: lastLogTime, lastSale, lastRestock, rules, due, orders });
      const command = made && ofKnownHolds(machine, made);
      const own = command && machine.writeSet(command);
      if (own) sets.push(withUndecided(command, own, () => union(sets)));
      else sets.push(union([]));
      return [command, time] as const;
    });
    for (const [place, [command, at]] of commands.entries()) {
      orders.push(...apply(machine, command, at, sets[place]));
    }
  }
}

/** A leader expires holds that it has applied. */
function ofKnownHolds(machine: CatalogMachine, command: CatalogCommand): CatalogCommand {
  if (command[0] !== 'expire') return command;
  const isKnown = (serial: number) => machine.writeSet(['expire', [serial]]).ids.length > 0;
  return ['expire', command[1].filter(isKnown)];
}

function apply(
  machine: CatalogMachine,
  command: CatalogCommand | undefined,
  time: number,
  set: WriteSet | undefined,
): KnownOrder[] {
  const before = recordsOf(machine);
  const used = new Set(machine.books().map(({ id }) => id));
  const bytes = command ? encode(command) : new Uint8Array(0);
  const result = machine.apply({ seq: machine.appliedSeq + 1, epoch: 1, time, command: bytes });
  const after = recordsOf(machine);
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    if (JSON.stringify(before.get(id)) === JSON.stringify(after.get(id))) continue;
    const isNew = !used.has(id) && set?.ids.includes(unusedIds);
    // A name stands for the product that has it when the entry is applied.
    const name = textKey((before.get(id) ?? after.get(id))?.[1] ?? '');
    const names = [...(set?.changedNames ?? []), ...(set?.stableNames ?? [])];
    const isNamed = names.some((one) => textKey(one) === name);
    const isCovered = set?.all || set?.ids.includes(id) || isNew || isNamed;
    assert.ok(isCovered, `${JSON.stringify(command)} changes ${id}, not in ${set?.ids}`);
  }
  const run = result.kind === 'trade' || result.kind === 'sell' ? result.sales : undefined;
  const sales = run ? (decode(run[2]) as readonly Sale[]) : [];
  return sales.map(([number, , lines, , , customer = null]) => ({ number, lines, customer }));
}

t.test('the write set covers every product that the command changes', async () => {
  fc.assert(fc.property(tradeHistory, fc.integer({ min: 1, max: 6 }), playInGroups), {
    numRuns: 300,
  });
});

function keyOf(name: string): OperationKey {
  return [digest(name), 0, new Uint8Array(0), 0];
}

t.test('a confirmation reaches what an undecided entry may hold', async (t) => {
  const machine = new CatalogMachine();
  const stock = [product('Tux'), product('Whale')];
  const commands: CatalogCommand[] = [
    ['rules', 3, { restockTo: 0, bundled: [] }],
    ['stock', stock],
  ];
  for (const command of commands) apply(machine, command, 0, { ...union([]), all: true });
  const id = digest('hold');
  const open = ['hold', keyOf('a'), id, [['Whale', 2]], 60, [null, null], null] as const;
  const end = ['confirm', keyOf('b'), id, [[2, 1]]] as const;
  const [opening, ending]: CatalogCommand[] = [
    ['trade', 1, 0, [open]],
    ['trade', 1, 0, [end]],
  ];
  t.ok(opening && ending);
  if (!opening || !ending) return;
  const undecided = machine.writeSet(opening);
  t.same(undecided.ids, [2]);
  const set = machine.writeSet(ending);
  t.same(set.ids, []);
  t.equal(set.ofUndecided, true);
  const whole = withUndecided(ending, set, () => undecided);
  t.same(whole.ids, [2]);
  apply(machine, opening, 0, undecided);
  apply(machine, ending, 0, whole);
  t.same(machine.writeSet(['trade', 1, 0, [['release', keyOf('c'), id]]]).ids, [2]);
  t.same(machine.writeSet(['expire', [1, 2]]).ids, [2]);
  t.same(machine.writeSet(['trade', 1, 0, [['extend', keyOf('d'), id, 5]]]).ids, []);
});
