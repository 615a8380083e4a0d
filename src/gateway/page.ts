/**
 * The page at `/`: the files built by Vite, read once at start and served from memory with the
 * headers that browsers need. Does not depend on operations; the page uses the HTTP API like any
 * client. Invariant: a path selects one of the files read, so none can lead elsewhere.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acceptedEncodings, type Encoding, encodings } from './encodings.js';
import type { HttpAnswer } from './http-errors.js';
import type { HttpRoute } from './http-route.js';

/** The folder where the build puts the page, beside the compiled sources. */
export const builtPage = fileURLToPath(new URL('../../web', import.meta.url));

const indexName = 'index.html';
const assetFolder = 'assets';
/** The build puts these marks into the document, each with `off`; a frontend turns some on. */
const marks = { demo: 'bazar-demo', openAdmin: 'bazar-open-admin' } as const;

/** What this frontend allows to everyone. */
export type PageMarks = Readonly<Partial<Record<keyof typeof marks, boolean>>>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** Suffixes of the build's compressed files. */
const suffixes: Readonly<Record<Encoding, string>> = { br: '.br', gzip: '.gz' };

/** Everything is loaded from this origin: no inline script or style, and no embedding in frames. */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface PageFile {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly packed: ReadonlyMap<Encoding, Buffer>;
}

export type Page = readonly PageFile[];

/** If the page was not built, a text that says so is served instead. */
export async function readPage(folder: string, on: PageMarks = {}): Promise<Page> {
  const names = await readdir(join(folder, assetFolder)).catch(() => []);
  const index = await readFile(join(folder, indexName), 'utf8').catch(() => undefined);
  if (index === undefined) return [notBuilt];
  const plain = names.filter((name) => extname(name) in types);
  const assets = await Promise.all(plain.map((name) => readAsset(folder, name, names)));
  return [indexFile(Buffer.from(marked(index, on))), ...assets];
}

function marked(index: string, on: PageMarks): string {
  let text = index;
  for (const key of ['demo', 'openAdmin'] as const) {
    const mark = `<meta name="${marks[key]}" content=`;
    if (on[key]) text = text.replace(`${mark}"off"`, `${mark}"on"`);
  }
  return text;
}

export function pageRoutes(page: Page): HttpRoute[] {
  return page.map((file) => ({
    method: 'GET',
    url: file.url,
    summary: 'The page: shop, operations and books',
    access: 'public',
    answer: async ({ headers }) => fileAnswer(file, headers),
  }));
}

function indexFile(bytes: Buffer): PageFile {
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  const headers = {
    'content-type': typeOf(indexName),
    'cache-control': 'no-cache',
    etag,
    'content-security-policy': contentPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  return { url: '/', headers, bytes, packed: new Map() };
}

async function readAsset(
  folder: string,
  name: string,
  names: readonly string[],
): Promise<PageFile> {
  const path = join(folder, assetFolder, name);
  const packed = new Map<Encoding, Buffer>();
  for (const encoding of encodings) {
    const suffix = suffixes[encoding];
    if (!names.includes(name + suffix)) continue;
    packed.set(encoding, await readFile(path + suffix));
  }
  const headers = {
    'content-type': typeOf(name),
    // The file name contains the hash of its content.
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    vary: 'accept-encoding',
  };
  return { url: `/${assetFolder}/${name}`, headers, bytes: await readFile(path), packed };
}

function fileAnswer(file: PageFile, asked: IncomingHttpHeaders): HttpAnswer {
  const { headers, bytes, packed } = file;
  if (file === notBuilt) return { status: 404, headers, body: bytes };
  if (headers.etag !== undefined && asked['if-none-match'] === headers.etag) {
    return { status: 304, headers };
  }
  for (const name of acceptedEncodings(asked)) {
    const body = packed.get(name);
    if (body) {
      return { status: 200, headers: { ...headers, 'content-encoding': name }, body };
    }
  }
  return { status: 200, headers, body: bytes };
}

function typeOf(name: string): string {
  return types[extname(name)] ?? 'application/octet-stream';
}

const notBuilt: PageFile = {
  url: '/',
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  bytes: Buffer.from(
    'The page was not built: run `npm run build` and start this frontend again.\n' +
      'The store itself is open: GET /products, POST /orders, GET /status.\n',
  ),
  packed: new Map(),
};
