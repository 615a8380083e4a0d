/**
 * The one class of expected failures. The code is stable and crosses the wire with the message and the
 * details; the stack and the cause do not.
 */

export const errorCodes = [
  'invalid_argument',
  'not_found',
  'out_of_stock',
  'conflict',
  'hold_expired',
  'hold_confirmed',
  'hold_released',
  'price_changed',
  'limit_exceeded',
  'customer_required',
  'key_reused',
  'unavailable',
  'overloaded',
  'deadline_exceeded',
  'unauthenticated',
  'permission_denied',
  'too_large',
  'unknown_method',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The error field of an answer: `{code, message, retryable, …details}`. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly [detail: string]: unknown;
}

export interface ErrorOptions {
  /** Extra fields sent with the error, for example `available` with `out_of_stock`. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

const retryableCodes: ReadonlySet<ErrorCode> = new Set(['unavailable', 'overloaded']);
const retryAfterMs = 100;

export class BazarError extends Error {
  override readonly name = 'BazarError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  get retryable(): boolean {
    return retryableCodes.has(this.code);
  }

  toWire(): WireError {
    const hint = this.retryable ? { retry_after_ms: retryAfterMs } : {};
    return {
      ...hint,
      ...this.details,
      code: this.code,
      message: this.message,
      retryable: this.retryable,
    };
  }

  static fromWire(error: WireError): BazarError {
    const { code, message, retryable: _retryable, ...details } = error;
    return new BazarError(code, message, { details });
  }
}

const knownCodes: ReadonlySet<string> = new Set(errorCodes);

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && knownCodes.has(value);
}

/** Converts any thrown value to an expected failure; unexpected ones become `internal`. */
export function toBazarError(error: unknown): BazarError {
  if (error instanceof BazarError) return error;
  return new BazarError('internal', 'internal error', { cause: error });
}
