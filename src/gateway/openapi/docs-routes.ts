/**
 * Serves the API description over HTTP, for programs and for people. It is created at the first
 * request and cached as bytes, because most threads never serve it.
 */
import { readFile } from 'node:fs/promises';
import type { HttpAnswer } from '../http-errors.js';
import type { HttpRoute } from '../http-route.js';

const packageFile = new URL('../../../../package.json', import.meta.url);

/** Allows only the page's own style: it has no script. */
const contentPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** `routes` returns all routes that may be described, including these. */
export function docsRoutes(routes: () => readonly HttpRoute[]): HttpRoute[] {
  const json = once(async () => Buffer.from(JSON.stringify(await describe(routes()))));
  const page = once(async () => {
    const { docsPage } = await import('./docs-page.js');
    return Buffer.from(docsPage(await describe(routes())));
  });
  return [
    {
      method: 'GET',
      url: '/openapi.json',
      summary: 'This description',
      access: 'public',
      doc: {
        tag: 'operations',
        answers: { 200: { text: 'OpenAPI 3.1.', media: 'application/json' } },
      },
      answer: async () => bytes(await json(), 'application/json; charset=utf-8'),
    },
    {
      method: 'GET',
      url: '/docs',
      summary: 'This description as a page',
      access: 'public',
      doc: {
        tag: 'operations',
        answers: { 200: { text: 'A page without scripts.', media: 'text/html' } },
      },
      answer: async () => bytes(await page(), 'text/html; charset=utf-8'),
    },
  ];
}

async function describe(routes: readonly HttpRoute[]) {
  const { openApiDocument } = await import('./document.js');
  const { version } = JSON.parse(await readFile(packageFile, 'utf8')) as { version: string };
  return openApiDocument(routes, version);
}

function bytes(body: Buffer, type: string): HttpAnswer {
  const headers = {
    'content-type': type,
    'cache-control': 'no-cache',
    'content-security-policy': contentPolicy,
    'x-content-type-options': 'nosniff',
  };
  return { status: 200, headers, body };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
