/** The order service's engine over a real database. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { systemClock } from '../../src/base/clock.js';
import type { OrderConfig } from '../../src/base/config.js';
import { silentLogger } from '../../src/base/logging.js';
import type { GroupHandle } from '../../src/group/engine.js';
import type { RpcPeers } from '../../src/group/rpc-peers.js';
import type { OrderResult } from '../../src/order/order-machine.js';
import { openSqlOrders } from '../../src/order/sql-orders.js';
import { OrderStore } from '../../src/order/store.js';
import { JobsPool } from '../../src/pool/jobs-pool.js';
import type { Outcome } from '../../src/wire/internal.js';
import { openLine, until } from '../database/faults.js';
import { digest, movedFrom, movementsOf, sales } from '../database/rows.js';
import {
  sharedServer,
  type TestDatabase,
  testDatabase,
  testStore,
} from '../support/postgres-server.js';
import { tablesWriter } from './tables-orders.js';

const run = promisify(execFile);

async function open(
  test: { teardown(end: () => Promise<void>): void },
  database: TestDatabase,
  sell: (epoch: number) => Outcome,
) {
  const clock = systemClock;
  const logger = silentLogger;
  const jobs = new JobsPool({ clock, logger });
  const address = { host: '127.0.0.1', port: 1 };
  const replica = { name: 'order-1', service: address, peer: address };
  const config = { name: 'order-1' } as OrderConfig;
  const place = { url: database.url, env: {}, schema: database.schema };
  const parts = { config, jobs, clock, logger, advanced: () => store.advanced() };
  const orders = await openSqlOrders(parts, place);
  const { engine, machine, position, salesAreSafe } = orders;
  const group: GroupHandle<OrderResult> = engine.newGroup({
    ...{ config, clock, logger, machine, gated: false, peers: {} as RpcPeers },
    membership: { replicas: [replica], recoveryServers: [] },
    applied: () => {},
  });
  const store: OrderStore = new OrderStore({
    ...{ group, machine: position, clock, salesAreSafe },
    awaited: (wanted) => orders.awaited?.(wanted),
    catalogClient: {
      logTime: 5,
      sell: async (epoch, purchases) => purchases.map(() => sell(epoch)),
      trade: async () => [],
      lastSale: async () => [0, 0, 0],
    },
  });
  test.teardown(async () => {
    await orders.end();
    group.stop();
    await engine.close();
    await jobs.close();
  });
  await group.start();
  await until(async () => store.status().serving);
  return { orders, store, position };
}

t.test('a sale is answered at once, in the epoch of the leader', async (t) => {
  const database = await testStore(t);
  const epochs: number[] = [];
  const { orders, store } = await open(t, database, (epoch) => {
    epochs.push(epoch);
    return ['sold', 1, 250, false];
  });
  t.equal(orders.newProjection, undefined, 'the catalog writes the orders');
  const purchase = [digest(1), 0, Buffer.alloc(0), [[1, 1]], 5] as const;
  const outcome = await new Promise((resolve) => {
    store.buy([{ purchase, reply: (_error, answer) => resolve(answer) }]);
  });
  t.same(outcome, ['sold', 1, 250, false]);
  t.same(epochs, [1]);
  t.match(await database.query("SELECT leader, epoch FROM leaders WHERE group_name = 'order'"), [
    { leader: 'order-1', epoch: '1' },
  ]);
});

t.test('an audit waits for the orders of all sales, and has no state to compare', async (t) => {
  const database = await testStore(t);
  const write = await tablesWriter(t, database);
  const { orders, store } = await open(t, database, () => ['stale']);
  const audit = orders.audit(store, 'token', [3, 0, 0]);
  await write(sales(3));
  t.same(await audit, [0, '', 3, [[1, 3]], [], 0, [], 0, []]);
});

t.test('an audit waits for all movements of stock, and has the last balances', async (t) => {
  const database = await testStore(t);
  const write = await tablesWriter(t, database);
  await write({ ...movementsOf(2), lastMovement: 0, movements: [] });
  const { orders, store } = await open(t, database, () => ['stale']);
  const audit = orders.audit(store, 'token', [1, 0, 3]);
  await write({ ...movementsOf(3), appliedSeq: 2 });
  const balances = [
    [2, movedFrom - 1, 0],
    [1, movedFrom - 2, 0],
  ];
  const [, , ...book] = await audit;
  t.same(book.slice(0, 6), [1, [[1, 1]], [], 0, [], 3]);
  t.same(
    book[6]?.toSorted(([one], [other]) => other - one),
    balances,
  );
});

t.test('without anyone who waits the position follows too', async (t) => {
  const database = await testStore(t);
  const { orders, position, store } = await open(t, database, () => ['stale']);
  orders.begin({ store } as Parameters<typeof orders.begin>[0]);
  await (await tablesWriter(t, database))(sales(3));
  await until(async () => position.lastOrder === 3);
});

t.test('a service that starts outlives a cut connection to its database', async (t) => {
  const database = await testStore(t);
  // The first connection reads which store it is, the second one how far its orders are.
  const line = await openLine(t, (await sharedServer()).port, 2);
  const url = new URL(database.url);
  url.port = `${line.port}`;
  const program = new URL('./waiting-program.js', import.meta.url).pathname;
  const { stdout } = await run(process.execPath, [program, url.href, database.schema]);
  t.equal(stdout, 'open\n');
  t.equal(line.connections(), 3);
});

t.test('a schema without a store is refused', async (t) => {
  const database = await testDatabase(t);
  await t.rejects(
    open(t, database, () => ['stale']),
    { code: 'conflict', message: /bazar store init/ },
  );
});
