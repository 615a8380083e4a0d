/**
 * Opens the orders over a database in a process that has nothing else to wait for, and prints `open`.
 * Arguments: the database's URL and the store's schema.
 */
import { systemClock } from '../../src/base/clock.js';
import type { OrderConfig } from '../../src/base/config.js';
import { silentLogger } from '../../src/base/logging.js';
import { openSqlOrders } from '../../src/order/sql-orders.js';
import { JobsPool } from '../../src/pool/jobs-pool.js';

const [url = '', schema = ''] = process.argv.slice(2);
const common = { clock: systemClock, logger: silentLogger };
const config = { name: 'order-1' } as OrderConfig;
const parts = { ...common, config, jobs: new JobsPool(common), advanced: () => {} };
const { engine } = await openSqlOrders(parts, { url, env: {}, schema });
console.log('open');
await engine.close();
