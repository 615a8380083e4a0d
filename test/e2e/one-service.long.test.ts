/** A service started by its own command, as on real machines: what ends it ends the process. */
import { createServer } from 'node:net';
import t from 'tap';
import { Store } from './store.js';

t.test(
  'a service that cannot listen names the place and ends, though others talk to it',
  async (t) => {
    const store = new Store(t, 3143, { catalogs: 1, orders: 1, recovery: 0 });
    await store.up('--no-restart');
    await store.kill('order-1');
    const other = createServer();
    const port = 8091 + store.portOffset;
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    t.teardown(() => other.close());

    const own = [...store.memberFlags(), ...(await store.databaseFlags())];
    const { code, err } = await store.bazar(['order', '--id', 'order-1', ...own]);
    t.equal(code, 1);
    t.match(err, `cannot listen on 127.0.0.1:${port}: address in use (EADDRINUSE)`);
  },
);
