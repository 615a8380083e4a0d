/**
 * Maps failures to HTTP: the one place where codes meet statuses. Does not depend on routes.
 * Invariant: every failure has the shape `{"error": {code, type, message, request_id, …details}}`,
 * and never contains a stack or a cause.
 */
import type { IncomingMessage } from 'node:http';
import { BazarError, type ErrorCode } from '../base/errors.js';
import type { AnswerSink } from './answer-stream.js';
import { exactDetails } from './exact-money.js';

/** A route's answer; without a body only the head is sent. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The error code of a failure. */
  readonly code?: ErrorCode;
  /** Instead of a body: writes a stream from this turn until either side ends it. */
  readonly stream?: (sink: AnswerSink) => void;
  /** Called in the turn in which the stream begins, before it; throws if it may not begin. */
  readonly admit?: () => void;
}

export interface FailureOptions {
  /** Replaces the code's status if HTTP has a more specific one (405, 412, 415). */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const statusByCode: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: 400,
  customer_required: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  unknown_method: 404,
  out_of_stock: 409,
  conflict: 409,
  hold_expired: 409,
  hold_confirmed: 409,
  hold_released: 409,
  price_changed: 409,
  limit_exceeded: 409,
  too_large: 413,
  key_reused: 422,
  overloaded: 429,
  internal: 500,
  unavailable: 503,
  deadline_exceeded: 504,
};

/** The code that stands for a status; several codes share 400, 404 and 409. */
const codeByStatus = new Map<number, ErrorCode>([
  ...Object.entries(statusByCode).map(([code, status]) => [status, code as ErrorCode] as const),
  [400, 'invalid_argument'],
  [404, 'not_found'],
  [409, 'conflict'],
]);

/** The code for a status without a code, as in a dialect's own answers. */
export function codeOfStatus(status: number): ErrorCode | 'ok' {
  if (status < 400) return 'ok';
  return codeByStatus.get(status) ?? (status < 500 ? 'invalid_argument' : 'internal');
}

const expectationCode = 'BAZAR_EXPECTATION';
const packedCode = 'BAZAR_PACKED_BODY';
const codingCode = 'BAZAR_TRANSFER_CODING';
const retryAfterDefaultMs = 1_000;

/** The answer for a failure. The only function that creates error bodies. */
export function failureAnswer(
  error: BazarError,
  requestId: string,
  options: FailureOptions = {},
): HttpAnswer {
  const status = options.status ?? statusByCode[error.code];
  const { retryable: _retryable, replayed, code, message, ...more } = error.toWire();
  const { type: _type, request_id: _requestId, ...details } = more;
  const headers: Record<string, string> = { ...options.headers };
  if (error.retryable) headers['retry-after'] = retryAfterSeconds(details.retry_after_ms);
  if (error.code === 'unauthenticated') headers['www-authenticate'] = 'Bearer realm="bazar"';
  if (replayed === true) headers['idempotency-replayed'] = 'true';
  return {
    status,
    headers,
    code,
    body: {
      error: { code: status, type: code, message, request_id: requestId, ...exactDetails(details) },
    },
  };
}

/** Whole seconds, as the header requires, and at least one. */
function retryAfterSeconds(retryAfterMs: unknown): string {
  const ms = typeof retryAfterMs === 'number' ? retryAfterMs : retryAfterDefaultMs;
  return String(Math.max(1, Math.ceil(ms / 1_000)));
}

/** Converts an error of the HTTP framework to our codes; undefined for any other error. */
export function frameworkFailure(error: unknown, requestId: string): HttpAnswer | undefined {
  const code = errorField(error, 'code');
  const status = errorField(error, 'statusCode');
  const refuse = (type: ErrorCode, message: string, options?: FailureOptions): HttpAnswer =>
    failureAnswer(new BazarError(type, message), requestId, options);
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refuse('too_large', 'the body is too large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refuse('invalid_argument', 'the body must be JSON in UTF-8', { status: 415 });
    case 'FST_ERR_BAD_URL':
      return refuse('invalid_argument', 'the path is not well-formed percent-encoding');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return refuse('invalid_argument', 'a segment of the path is too long');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return refuse('invalid_argument', 'the body is not as long as Content-Length says');
    case expectationCode:
      return refuse('invalid_argument', 'no other Expect than 100-continue is known', {
        status: 417,
      });
    case packedCode:
      return refuse('invalid_argument', 'the body must come without a Content-Encoding', {
        status: 415,
        headers: { 'accept-encoding': 'identity' },
      });
    case codingCode:
      return refuse('invalid_argument', 'no other Transfer-Encoding than chunked is known', {
        status: 501,
        headers: { connection: 'close' },
      });
    default:
      if (typeof status !== 'number' || status < 400 || status > 499) return undefined;
      return refuse('invalid_argument', 'the request could not be read', { status });
  }
}

/** HTTP/1.0 has no expectations; 1.1 has one that every server must support. */
export function requireKnownExpectation({ headers, httpVersion }: IncomingMessage): void {
  const { expect } = headers;
  if (expect === undefined || httpVersion !== '1.1' || /^100-continue$/i.test(expect.trim()))
    return;
  throw Object.assign(new Error('unknown expectation'), { code: expectationCode });
}

/** Refuses a compressed body: a small one could become large here (RFC 9110, 15.5.16). */
export function packedBody(): Error {
  return Object.assign(new Error('packed body'), { code: packedCode });
}

/**
 * Node's parser accepts any list that ends in `chunked`, and decodes no other coding (RFC 9112,
 * 6.1).
 */
export function requireKnownCoding({ headers }: IncomingMessage): void {
  const coding = headers['transfer-encoding'];
  if (coding === undefined || /^chunked$/i.test(coding.trim())) return;
  throw Object.assign(new Error('unknown transfer coding'), { code: codingCode });
}

function errorField(error: unknown, name: 'code' | 'statusCode'): unknown {
  return error instanceof Error
    ? (error as { code?: unknown; statusCode?: unknown })[name]
    : undefined;
}
