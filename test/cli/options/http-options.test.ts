import t from 'tap';
import { allowedHosts, corsOrigins } from '../../../src/cli/options/http-options.js';

t.test('host names are read in lower case and without a port', async (t) => {
  t.same(allowedHosts(['Shop.Example.com.', 'intra', '*']), ['shop.example.com', 'intra', '*']);
  for (const bad of ['shop:8081', 'http://shop', 'a b', '.shop', '*.shop']) {
    t.throws(() => allowedHosts([bad]), /--allowed-host/, bad);
  }
});

t.test('origins are read as browsers send them', async (t) => {
  const given = ['https://Shop.example.com/', 'http://a.b:8080', 'https://a.b:443', '*'];
  t.same(corsOrigins(given), ['https://shop.example.com', 'http://a.b:8080', 'https://a.b', '*']);
  for (const bad of ['shop.example.com', 'https://a.b/path', 'null', 'ftp://a.b', 'https://']) {
    t.throws(() => corsOrigins([bad]), /--cors-origin/, bad);
  }
});
