/**
 * A change under an idempotency key, decided at apply like a purchase: a known key gets the stored
 * outcome, a new one the change's own (docs/PROTOCOL.md, section 5). Invariant: a change is carried
 * out at most once under a key, as long as the key is known.
 */
import { purchaseLimits } from '../../base/limits.js';
import type { KeyedCommand } from '../../wire/internal.js';
import type { LogPlace, PurchaseProcessor } from './purchase-processor.js';
import type { Refused } from './results.js';
import type { WriteResult } from './write-keys.js';

/** `decide` carries the change out. */
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

const full: Refused = {
  kind: 'refused',
  code: 'overloaded',
  message: 'too many keys of changes are kept',
};
