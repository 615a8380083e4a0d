import t from 'tap';
import type { TableChanges } from '../../src/database/rows.js';
import { writeStatement } from '../../src/database/write-statement.js';
import {
  cancellationsOf,
  digest,
  entriesFrom,
  movementsOf,
  nothing,
  releasedHolds,
} from './rows.js';

const use = { productId: 1, customer: digest(1), source: 1, time: 1, lastSale: 0, quantity: 1 };

/** Changes of every kind. */
const all: TableChanges = {
  ...cancellationsOf([1], 2),
  movements: movementsOf(2).movements,
  holds: { rows: releasedHolds(1), gone: [7], linesThrough: 0, resolvedFrom: 9 },
  uses: {
    rows: [use],
    gone: [{ ...use, productId: 2 }],
    ended: [{ productId: 3, through: 5 }],
    replaced: [4],
  },
  kept: { client: 9, frontend: 9, change: 9 },
};

function nameOf(changes: TableChanges): string {
  const write = { epoch: 1, end: nothing, entries: entriesFrom(1, 1, 1), changes };
  return writeStatement({ group: 'catalog', write, dropped: undefined }).name ?? '';
}

t.test('each part of a write has a letter of its own, so a name has one text', async (t) => {
  const letters = [...nameOf(all).replace('write_', '')];
  t.ok(letters.length >= 20, letters.join(''));
  t.same([...new Set(letters)], letters);
  const { movements, ...rest } = all;
  t.ok(movements);
  t.not(nameOf(rest), nameOf(all));
});
