/**
 * The request headers that mean something here: request id, trace, idempotency key and the
 * administrator's token; entity tags have a file of their own. Each is read in one place; none of
 * them knows a route.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { BazarError } from '../base/errors.js';
import { requestLimits } from '../base/limits.js';
import type { Random } from '../base/random.js';
import type { RequestContext } from '../frontend/types.js';
import { isRequestId, isTraceparent, type RequestHeader } from '../wire/request-header.js';
import type { TokenCheck } from './token-check.js';

/** The client's own id where it is short and harmless (it goes into logs), else a fresh one. */
export function requestIdOf(headers: IncomingHttpHeaders, random: Random): string {
  const given = headers['x-request-id'];
  return isRequestId(given) ? given : random.uuid();
}

/** What travels on with a request to the services; the trace is the client's, if it has one. */
export function requestHeaderOf(headers: IncomingHttpHeaders, requestId: string): RequestHeader {
  const { traceparent } = headers;
  return isTraceparent(traceparent)
    ? { request_id: requestId, traceparent }
    : { request_id: requestId };
}

/** A String of RFC 8941, in which a quote and a backslash are escaped by a backslash. */
const quotedText = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * 1–200 bytes of UTF-8. `"k"`, the form of the IETF draft, is the key `k`; text that is not wholly
 * one quoted string is the key as sent, so that wire and HTTP mean the same key.
 */
export function idempotencyKeyOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['idempotency-key'];
  if (given === undefined) return undefined;
  // Node hands out header bytes as latin1, one character a byte.
  const sent = String(given);
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

/** The context of a purchase that came with these headers: older builds took a quoted key as sent. */
export function purchaseContext(
  headers: IncomingHttpHeaders,
  context: RequestContext,
): RequestContext {
  const sent = String(headers['idempotency-key'] ?? '');
  if (!quotedText.test(sent)) return context;
  return { ...context, quotedKey: Buffer.from(sent, 'latin1').toString() };
}

/** Throws unless the request, which came from `remote`, carries the administrator's token. */
export type AdminCheck = (headers: IncomingHttpHeaders, remote: string) => void;

/** `open` lets everyone in: for old clients, never the default. */
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
