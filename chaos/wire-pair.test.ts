/** A socket can be reset at any moment and always closes. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { resetNow } from './wire-pair.js';

/** Both ends of a connection. */
async function connected(t: Test): Promise<readonly [Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [
    [Socket],
    unknown,
  ];
  far.resume();
  t.teardown(() => far.destroy());
  return [near, far];
}

t.test('the other end gets a reset', async (t) => {
  const [near, far] = await connected(t);
  const failed = once(far, 'error');
  resetNow(near);
  t.match(await failed, [{ code: 'ECONNRESET' }]);
});

t.test('a socket that is being ended closes too', async (t) => {
  const [near] = await connected(t);
  const errors: Error[] = [];
  near.on('error', (error) => errors.push(error));
  const closed = once(near, 'close');
  near.end();
  // The shutdown is requested, and the loop has not handled it yet.
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => process.nextTick(resolve));
  resetNow(near);
  await closed;
  t.same(errors, []);
});
