/**
 * The exit codes of every command (docs/CLI.md, Exit codes), and the error for wrong usage.
 */
import type { ErrorCode } from '../../base/errors.js';

export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  outOfStock: 4,
  unavailable: 5,
  notAllowed: 6,
  conflict: 7,
} as const;

const byCode: Record<ErrorCode, number> = {
  invalid_argument: exitCodes.usage,
  not_found: exitCodes.notFound,
  out_of_stock: exitCodes.outOfStock,
  conflict: exitCodes.conflict,
  hold_expired: exitCodes.conflict,
  hold_confirmed: exitCodes.conflict,
  hold_released: exitCodes.conflict,
  price_changed: exitCodes.conflict,
  limit_exceeded: exitCodes.conflict,
  customer_required: exitCodes.usage,
  key_reused: exitCodes.conflict,
  unavailable: exitCodes.unavailable,
  overloaded: exitCodes.unavailable,
  deadline_exceeded: exitCodes.unavailable,
  unauthenticated: exitCodes.notAllowed,
  permission_denied: exitCodes.notAllowed,
  too_large: exitCodes.error,
  unknown_method: exitCodes.error,
  internal: exitCodes.error,
};

export function exitCodeOf(code: ErrorCode): number {
  return byCode[code];
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}
