import t from 'tap';
import type { FrontendOwner } from '../../src/frontend/owner.js';
import type { FrontendConfig } from '../../src/gateway/frontend-config.js';
import { FrontendMetrics } from '../../src/gateway/frontend-metrics.js';
import { RequestMeter } from '../../src/gateway/request-meter.js';
import type { PoolStatus } from '../../src/pool/types.js';

t.test('a frontend counts purchases and confirmed holds as orders', async (t) => {
  const pool = () => ({ sessions: 3 }) as PoolStatus;
  const metrics = new FrontendMetrics({
    config: { name: 'frontend-1' } as FrontendConfig,
    owner: {} as FrontendOwner,
    pool,
  });
  t.teardown(() => metrics.stop());
  const thread = new RequestMeter();
  thread.count('raw', 'buy', 'ok', 0.01);
  thread.count('http', 'buy', 'out_of_stock', 0.01);
  thread.count('http', 'hold', 'ok', 0.01);
  thread.count('http', 'confirm_hold', 'ok', 0.01);
  thread.count('http', 'confirm_hold', 'hold_expired', 0.01);
  metrics.counted(thread.take() ?? []);
  t.match(metrics.requests(), { answered: 5, purchases: 2, orders: 2, sessions: 3 });
});
