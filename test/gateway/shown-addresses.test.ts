/** Under which addresses a frontend is shown to others. */
import { hostname } from 'node:os';
import t from 'tap';
import { shownAddresses } from '../../src/gateway/shown-addresses.js';

const at = (host: string) => ({ raw: { host, port: 8181 }, http: { host, port: 8081 } });

t.test('a frontend is shown with its listening address', async (t) => {
  t.same(shownAddresses(at('10.0.0.1')), { raw: '10.0.0.1:8181', http: '10.0.0.1:8081' });
  t.same(shownAddresses(at('::1')), { raw: '[::1]:8181', http: '[::1]:8081' });
});

t.test('a frontend that listens on all addresses is shown with its machine’s name', async (t) => {
  for (const host of ['0.0.0.0', '::']) {
    t.same(shownAddresses(at(host)), {
      raw: `${hostname()}:8181`,
      http: `${hostname()}:8081`,
    });
  }
});

t.test('a configured address takes precedence', async (t) => {
  const advertised = { host: 'shop.example', port: 9000 };
  t.same(shownAddresses({ ...at('0.0.0.0'), advertised }), {
    raw: 'shop.example:9000',
    http: 'shop.example:8081',
  });
});
