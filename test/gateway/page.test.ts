/** The page at `/`: how its files are answered, and what stands there where it was not built. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { type Page, readPage } from '../../src/gateway/page.js';
import { setStage } from './stage.js';

const marks = { demo: 'bazar-demo', openAdmin: 'bazar-open-admin' };
const metas = Object.values(marks).map((name) => `<meta name="${name}" content="off" />`);
const document = `<head>${metas.join('')}</head>`;
const script = 'console.log("a script")';

function built(t: Test): string {
  return t.testdir({
    'index.html': document,
    assets: {
      'index-abc.js': script,
      'index-abc.js.gz': gzipSync(script),
      'index-abc.js.br': 'packed',
      'index-def.css': 'body{}',
      'notes.txt': 'not part of the page',
    },
  });
}

async function stageWith(page: Page): ReturnType<typeof setStage> {
  return setStage({}, { page });
}

t.test('the document is revalidated each time, and loads nothing from other origins', async (t) => {
  const { ask } = await stageWith(await readPage(built(t)));
  const first = await ask('GET', '/');
  t.equal(first.status, 200);
  t.equal(first.headers.get('content-type'), 'text/html; charset=utf-8');
  t.equal(first.headers.get('cache-control'), 'no-cache');
  const policy = first.headers.get('content-security-policy') ?? '';
  t.match(policy, /default-src 'none'/);
  t.match(policy, /script-src 'self'/);
  t.match(policy, /frame-ancestors 'none'/);
  t.notMatch(policy, /unsafe|http/);
  const etag = first.headers.get('etag') ?? '';
  const again = await ask('GET', '/', { headers: { 'if-none-match': etag } });
  t.equal(again.status, 304);
  const other = await ask('GET', '/', { headers: { 'if-none-match': '"other"' } });
  t.equal(other.status, 200);
});

t.test('an asset is cached forever, in the best encoding that the client accepts', async (t) => {
  const { ask } = await stageWith(await readPage(built(t)));
  const get = (accept: string) =>
    ask('GET', '/assets/index-abc.js', { headers: { 'accept-encoding': accept } });
  const packed = await get('gzip, deflate, br');
  t.equal(packed.headers.get('content-encoding'), 'br');
  t.equal(packed.headers.get('content-length'), '6');
  t.equal(packed.headers.get('content-type'), 'text/javascript; charset=utf-8');
  t.match(packed.headers.get('cache-control'), /immutable/);
  t.equal(packed.headers.get('vary'), 'accept-encoding');
  t.equal((await get('gzip;q=1.0, br;q=0')).headers.get('content-encoding'), 'gzip');
  t.equal((await get('*')).headers.get('content-encoding'), 'br');
  for (const accept of ['identity', 'brotli', '*;q=0', '']) {
    const plain = await get(accept);
    t.equal(plain.headers.get('content-encoding'), undefined);
    t.equal(plain.text, script);
  }
  const sheet = await ask('GET', '/assets/index-def.css');
  t.equal(sheet.headers.get('content-type'), 'text/css; charset=utf-8');
  t.equal(sheet.text, 'body{}');
});

t.test('HEAD returns the headers of GET; other methods are refused', async (t) => {
  const { ask } = await stageWith(await readPage(built(t)));
  const head = await ask('HEAD', '/');
  t.same([head.status, head.text], [200, '']);
  t.equal(head.headers.get('content-length'), String(document.length));
  const post = await ask('POST', '/', { body: {} });
  t.equal(post.status, 405);
  t.match(post.headers.get('allow'), /GET, HEAD/);
});

t.test('only files of the page have paths, none beside or above its folder', async (t) => {
  const { ask } = await stageWith(await readPage(built(t)));
  const paths = ['notes.txt', 'index-abc.js.gz', '../index.html', '..%2findex.html', ''];
  for (const path of paths) t.equal((await ask('GET', `/assets/${path}`)).status, 404, path);
});

t.test(
  'the document says whether demonstrations are on, and whether everyone is admin',
  async (t) => {
    const folder = built(t);
    const plain = await stageWith(await readPage(folder));
    t.equal((await plain.ask('GET', '/')).text, document);
    for (const [key, name] of Object.entries(marks)) {
      const { ask } = await stageWith(await readPage(folder, { [key]: true }));
      const { text } = await ask('GET', '/');
      t.equal(text, document.replace(`"${name}" content="off"`, `"${name}" content="on"`));
    }
  },
);

t.test('if the page was not built, a text says so', async (t) => {
  const { ask } = await stageWith(await readPage(join(built(t), 'missing')));
  const reply = await ask('GET', '/');
  t.equal(reply.status, 404);
  t.equal(reply.headers.get('content-type'), 'text/plain; charset=utf-8');
  t.match(reply.text, 'npm run build');
  t.equal((await ask('GET', '/livez')).status, 200, 'the store is open');
});
