/**
 * Applies a change under an idempotency key as a purchase is applied: a known key returns its
 * stored outcome, a new key runs the change (docs/PROTOCOL.md, section 5). Invariant: a change runs
 * at most once under a key while the key is stored.
 */
import { purchaseLimits } from '../../base/limits.js';
import type { KeyedCommand } from '../../wire/internal.js';
import type { LogPlace, PurchaseProcessor } from './purchase-processor.js';
import type { Refused } from './results.js';
import type { WriteResult } from './write-keys.js';

/** `decide` carries the change out and returns its result. */
export function applyKeyed(
  [, key, requestHash, seenTime]: KeyedCommand,
  purchases: PurchaseProcessor,
  { time }: LogPlace,
  decide: () => WriteResult,
): WriteResult {
  const { writes } = purchases;
  if (writes.has(key)) {
    const stored = writes.find(key, requestHash);
    return stored
      ? { ...stored, ...('touched' in stored && { touched: [] }), replayed: true }
      : reused;
  }
  if (purchases.clientKeys.find(key) >= 0) return reused;
  if (time - seenTime > purchaseLimits.clientKeyAgeMaxMs) return tooOld;
  if (writes.isFull) return full;
  if (purchases.isLedgerFull) return ledgerFull;
  const result = decide();
  writes.add(key, requestHash, result, time);
  return result;
}

const reused: Refused = {
  kind: 'refused',
  code: 'key_reused',
  message: 'the key was used for another request',
};

const tooOld: Refused = {
  kind: 'refused',
  code: 'unavailable',
  message: 'the change came too late: try again',
};

/** The answer to a change while too many movements wait for the order book (docs/STOCK.md, M4). */
export const ledgerFull: Refused = {
  kind: 'refused',
  code: 'overloaded',
  message: 'the order book is too far behind: try again',
};

const full: Refused = {
  kind: 'refused',
  code: 'overloaded',
  message: 'too many keys of changes are kept',
};
