/**
 * Refuses a request with a repeated header that affects its processing. Node keeps the first of
 * some such headers and joins others with a comma, so that the frontend and a proxy could act on
 * different values. Headers defined as lists (If-None-Match, Accept) may repeat.
 */
import { BazarError } from '../base/errors.js';

const singleNames = [
  'Authorization',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'Expect',
  'Host',
  'Idempotency-Key',
  'If-Match',
  'Last-Event-ID',
  'Origin',
  'Sec-Fetch-Site',
] as const;

/** Each has a bit in the set of names that a request has used. */
const singleHeaders: ReadonlyMap<string, number> = new Map(
  singleNames.map((name, index) => [name.toLowerCase(), 1 << index]),
);

/** `rawHeaders` alternates names and values, as sent. */
export function requireSingleHeaders(rawHeaders: readonly string[]): void {
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const bit = singleHeaders.get(rawHeaders[at]?.toLowerCase() ?? '');
    if (bit === undefined) continue;
    if ((seen & bit) !== 0) {
      const name = singleNames[Math.log2(bit)];
      throw new BazarError('invalid_argument', `the request has more than one ${name} header`);
    }
    seen |= bit;
  }
}
