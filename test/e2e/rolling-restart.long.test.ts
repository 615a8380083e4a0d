/**
 * Every service of a store with two frontends is stopped and started again, one after the other,
 * while customers of the client library buy and look: not one call fails, no order is lost.
 */
import t from 'tap';
import { BazarClient } from '../../src/client/bazar-client.js';
import type { StoreStatus } from '../../src/frontend/types.js';
import { type ServiceName, Store } from './store.js';
import { upWithStock } from './test-stock.js';
import { until, within } from './until.js';

const size = { catalogs: 2, orders: 3, recovery: 1, frontends: 2 };
const customers = 6;
const endless = 1;
const purchasesBetween = 20;

t.test('a rolling restart costs no purchase', async (t) => {
  const store = new Store(t, 3465, size);
  // Nine services one after the other, each by a command of its own.
  t.setTimeout(300_000);
  const { products } = await upWithStock(store);
  const addresses = [0, 1].map((n) => `127.0.0.1:${store.rawPort + n}`);
  const client = new BazarClient({ addresses, timeoutMs: 30_000 });
  t.teardown(() => client.close());
  const bought: number[] = [];
  let leaving = false;
  const shop = async (): Promise<void> => {
    while (!leaving) {
      bought.push((await client.buy({ id: endless, quantity: 1 })).order_number);
      await client.lookup({ id: endless });
    }
  };
  const shopping = Promise.all(Array.from({ length: customers }, shop));
  const failed = shopping.then(() => undefined);
  const more = async (count: number): Promise<void> => {
    const goal = bought.length + count;
    await Promise.race([until('more purchases', () => bought.length >= goal), failed]);
  };

  for (const name of await inOrder(store, client)) {
    await more(purchasesBetween);
    await store.stop(name);
    t.match(await store.bazar(['start', name]), { code: 0 }, `${name} starts again`);
    await until(`${name} is back`, () => isBack(client, name));
  }
  await more(purchasesBetween);
  leaving = true;
  await within('the customers leave', shopping);

  const orders = new Set(bought);
  t.equal(orders.size, bought.length, 'no order was given twice');
  t.equal(Math.max(...bought), bought.length, 'numbers have no gap: every purchase is an order');
  const { quantity } = await client.lookup({ id: endless });
  t.equal(quantity, (products[0]?.quantity ?? 0) - bought.length);
  t.match(await store.bazar(['audit']), { code: 0 });
  t.equal(await store.down(), 0);
});

/** As docs/operations/MACHINES.md says: followers first, the leader of each group last. */
async function inOrder(store: Store, client: BazarClient): Promise<ServiceName[]> {
  const { members } = await client.status();
  const leads = (name: string): boolean =>
    members.some((member) => member.name === name && member.role === 'leader');
  return store.services().sort((a, b) => Number(leads(a)) - Number(leads(b)));
}

async function isBack(client: BazarClient, name: ServiceName): Promise<boolean> {
  if (name.startsWith('frontend')) return true;
  const status: StoreStatus = await client.status();
  const rows = status.members.filter((member) => member.name === name);
  return rows.every(({ role, group, commit }) => {
    const leader = status.members.find((one) => one.group === group && one.role === 'leader');
    return (
      role === 'leader' || (role === 'follower' && commit >= (leader?.commit ?? Infinity) - 100)
    );
  });
}
