/**
 * Compression of answers: which encoding a client takes, and packing a body on the way out. It knows
 * no route. Packing runs in Node's thread pool, so that a large answer holds up no other.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

export type Encoding = 'br' | 'gzip';

/** The better one first. */
export const encodings: readonly Encoding[] = ['br', 'gzip'];

/** A smaller body is sent as it is: it fits a packet or two. */
export const packBytesMin = 1_024;
/** Of each answer: more costs more time than it saves bytes. */
const brotliQuality = 4;
const gzipLevel = 4;

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

/** Those that the client names, or a star, and does not refuse by `q=0`; the better one first. */
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

/** JSON and text shrink; what has an encoding already, or an entity tag, stays as it is. */
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
