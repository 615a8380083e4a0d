/** Stopping under load: all that was answered stays, the exit code is 0, and nothing is left over. */
import t from 'tap';
import { sendCustomers } from './customers.js';
import { Ledger } from './ledger.js';
import { chosenSeed, seeded } from './seeded.js';
import { settle } from './settle.js';
import { Store } from './store.js';
import { upWithStock } from './test-stock.js';
import { within } from './until.js';

t.test('SIGTERM and Ctrl-C under load stop the store in order and lose nothing', async (t) => {
  const store = new Store(t, 3018);
  const { products, flags } = await upWithStock(store);
  const ledger = new Ledger(products);
  const customers = sendCustomers(store, ledger, { raw: 6, http: 2 }, seeded(chosenSeed()));
  const stopped = (signal: string, code: number | null): void => {
    t.equal(code, 0, `exit code after ${signal}`);
    t.same(store.running(), []);
    t.match(
      store.said,
      /stopping\nfrontend-1 has stopped\norder-1 has stopped\ncatalog-1 has stopped\n$/,
      'in reverse',
    );
  };
  await within('purchases', ledger.answersMore(100));
  stopped('SIGINT', await store.down('SIGINT'));
  await store.up(...flags);
  await within('purchases after it', ledger.answersMore(100));
  await customers.leave();
  await settle(t, store, ledger);

  const clients = await store.raws(4);
  const asked = clients.map((client) =>
    Array.from({ length: 25 }, () => client.ask('buy', { id: 1, quantity: 1 })),
  );
  // The first answer on each connection shows that they have arrived.
  await Promise.all(asked.map((all) => Promise.race(all)));
  const ended = store.down('SIGTERM');
  const answers = await Promise.allSettled(asked.flat());
  const decided = answers.filter(({ status }) => status === 'fulfilled');
  t.equal(decided.length, answers.length, 'what is under way is answered before the store is gone');
  stopped('SIGTERM', await ended);
});
