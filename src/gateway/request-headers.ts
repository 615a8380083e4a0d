/**
 * Reads the request headers used here: request id, trace, idempotency key and the administrator's
 * token; entity tags have their own file. Does not depend on routes.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { BazarError } from '../base/errors.js';
import { requestLimits } from '../base/limits.js';
import type { Random } from '../base/random.js';
import type { RequestContext } from '../frontend/types.js';
import { isRequestId, isTraceparent, type RequestHeader } from '../wire/request-header.js';
import type { TokenCheck } from './token-check.js';

/** The client's id if it is short and safe to log, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders, random: Random): string {
  const given = headers['x-request-id'];
  return isRequestId(given) ? given : random.uuid();
}

/** The header forwarded to the services; the trace is the client's, if it sent one. */
export function requestHeaderOf(headers: IncomingHttpHeaders, requestId: string): RequestHeader {
  const { traceparent } = headers;
  return isTraceparent(traceparent)
    ? { request_id: requestId, traceparent }
    : { request_id: requestId };
}

/** A String of RFC 8941, with backslash escapes for quote and backslash. */
const quotedText = /^"((?:[^"\\]|\\["\\])*)"$/;

/** ASCII without quotes, which needs no decoding. */
const plainKey = /^[\x20-\x21\x23-\x7e]+$/;

/**
 * 1–200 bytes of UTF-8. `"k"`, the form of the IETF draft, means the key `k`. Text that is not
 * exactly one quoted string is the key as sent, so that wire and HTTP mean the same key.
 */
export function idempotencyKeyOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['idempotency-key'];
  if (given === undefined) return undefined;
  // Node returns header bytes as latin1, one character a byte.
  const sent = String(given);
  if (sent.length <= requestLimits.keyBytesMax && plainKey.test(sent)) return sent;
  const quoted = quotedText.exec(sent)?.[1];
  const bytes = Buffer.from(quoted?.replaceAll(/\\(.)/g, '$1') ?? sent, 'latin1');
  if (bytes.length < 1 || bytes.length > requestLimits.keyBytesMax) {
    const message = `Idempotency-Key must have from 1 to ${requestLimits.keyBytesMax} bytes`;
    throw new BazarError('invalid_argument', message);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new BazarError('invalid_argument', 'Idempotency-Key must be UTF-8', { cause });
  }
}

/** The context of a purchase with these headers. Older builds used a quoted key as sent. */
export function purchaseContext(
  headers: IncomingHttpHeaders,
  context: RequestContext,
): RequestContext {
  const sent = String(headers['idempotency-key'] ?? '');
  if (!sent.startsWith('"') || !quotedText.test(sent)) return context;
  return { ...context, quotedKey: Buffer.from(sent, 'latin1').toString() };
}

/** Throws unless the request from `remote` has the administrator's token. */
export type AdminCheck = (headers: IncomingHttpHeaders, remote: string) => void;

/** `open` accepts everyone: for old clients, never the default. */
export function createAdminCheck(tokens: TokenCheck, open: boolean): AdminCheck {
  return (headers, remote) => {
    if (open) return;
    const token = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) {
      throw new BazarError('unauthenticated', 'this needs Authorization: Bearer <admin token>');
    }
    if (tokens.isRight(token, remote)) return;
    throw new BazarError('permission_denied', 'this is not the admin token');
  };
}
