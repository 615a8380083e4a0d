/**
 * Compresses answers: negotiates the encoding and compresses bodies. Does not depend on routes.
 * Compression runs in Node's thread pool, so that a large answer does not delay others.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

export type Encoding = 'br' | 'gzip';

/** In order of preference. */
export const encodings: readonly Encoding[] = ['br', 'gzip'];

/** Smaller bodies are sent uncompressed: they fit one or two packets. */
export const packBytesMin = 1_024;
/** A higher quality costs more time than the saved bytes are worth. */
const brotliQuality = 4;
const gzipLevel = 4;

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

/**
 * The encodings that the client accepts by name or by `*` and does not exclude with `q=0`, in order
 * of preference.
 */
export function acceptedEncodings(headers: IncomingHttpHeaders): Encoding[] {
  const given = headers['accept-encoding'];
  if (typeof given !== 'string') return [];
  const weights = new Map<string, number>();
  for (const offer of given.toLowerCase().split(',')) {
    const [name = '', ...parameters] = offer.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(name, weight === undefined ? 1 : Number(weight.slice('q='.length)));
  }
  return encodings.filter((name) => (weights.get(name) ?? weights.get('*') ?? 0) > 0);
}

/** JSON and text are compressed; a body with an encoding or an entity tag is not. */
export function mayPack(headers: Readonly<Record<string, string>>, type: string): boolean {
  if (headers['content-encoding'] !== undefined || headers.etag !== undefined) return false;
  return /^(?:application\/json|text\/(?!event-stream))/.test(type);
}

export function pack(body: Uint8Array | string, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return gzipped(body, { level: gzipLevel });
  const length = typeof body === 'string' ? body.length : body.byteLength;
  return brotli(body, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: brotliQuality,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: length,
    },
  });
}
