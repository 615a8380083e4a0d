/** The ledger accepts every stock that can be, and reports one that cannot. */
import t from 'tap';
import { Ledger } from './ledger.js';
import type { Held, Product } from './raw-client.js';

const product: Product = {
  ...{ id: 1, name: 'A', topic: 'toys', price: 1, quantity: 10, version: 1 },
};
const purchase = { key: 'k', id: 1, quantity: 3 };
const held: Held = { hold_id: 'h', expires_at: 'later', lines: [], total: 3 };

function ledgerWithHold() {
  const ledger = new Ledger([product]);
  ledger.begins(purchase);
  return { ledger, hold: ledger.isHeld(purchase, held) };
}

function seen(check: (found: Product) => void, ...quantities: readonly number[]): void {
  for (const quantity of quantities) check({ ...product, quantity });
}

t.test('a hold takes its units, before and after its confirmation', async (t) => {
  const { ledger, hold } = ledgerWithHold();
  seen(ledger.watch(1), 7);
  ledger.isConfirmed(hold, 'c', { order_number: 1, total: 3 });
  seen(ledger.watch(1), 7);
  t.same(ledger.wrong, []);
  seen(ledger.watch(1), 4, 10);
  t.equal(ledger.wrong.length, 2);
});

t.test('while a release is under way both stocks can be', async (t) => {
  const { ledger, hold } = ledgerWithHold();
  const before = ledger.watch(1);
  ledger.releaseBegins(hold);
  const during = ledger.watch(1);
  seen(before, 7, 10);
  ledger.isReleased(hold);
  seen(during, 7, 10);
  seen(ledger.watch(1), 10);
  t.same(ledger.wrong, []);
  seen(ledger.watch(1), 7, 13);
  t.equal(ledger.wrong.length, 2);
});

t.test('an id of a hold, a number and a price are checked', async (t) => {
  const { ledger, hold } = ledgerWithHold();
  ledger.isHeld({ ...purchase, key: 'other' }, held);
  t.match(ledger.wrong, [/hold h is for k and for other/]);
  ledger.isConfirmed(hold, 'c', { order_number: 1, total: 4 });
  t.match(ledger.wrong[1], /order 1 costs 4 instead of 3/);
  ledger.isConfirmed(hold, 'd', { order_number: 1, total: 3 });
  t.match(ledger.wrong[2], /order 1 is for c and for d/);
});
