/**
 * Refuses a request with a repeated header that affects its processing. Node keeps the first of
 * some such headers and joins others with a comma, so that the frontend and a proxy could act on
 * different values. Headers defined as lists (If-None-Match, Accept) may repeat.
 */
import { BazarError } from '../base/errors.js';

const singleHeaders: ReadonlyMap<string, string> = new Map(
  [
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
  ].map((name) => [name.toLowerCase(), name]),
);

/** `rawHeaders` alternates names and values, as sent. */
export function requireSingleHeaders(rawHeaders: readonly string[]): void {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    const shown = singleHeaders.get(name);
    if (shown === undefined) continue;
    if (seen.has(name)) {
      throw new BazarError('invalid_argument', `the request has more than one ${shown} header`);
    }
    seen.add(name);
  }
}
