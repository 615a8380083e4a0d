/**
 * The keys of purchases and changes. A client's idempotency key is sent as a digest, with a hash of
 * its request. A purchase without a key gets a random one, so that the frontend's own retry finds
 * the first outcome (docs/PROTOCOL.md, section 5).
 */
import { hash } from 'node:crypto';
import type { Random } from '../../base/random.js';
import { type BuyParams, keyKinds, type PurchaseLine } from '../../wire/internal.js';
import type { Params } from '../../wire/schemas.js';
import type { ChangeKey, ChangeRequest } from '../../wire/thread-requests.js';
import type { HoldId, OperationKey } from '../../wire/trade.js';

type LinesOf = { readonly lines: Params<'hold'>['lines'] };

const digestBytes = 16;
const requestHashBytes = 8;
const poolBytes = 256 * digestBytes;
const noHash = new Uint8Array(0);

export class PurchaseKeys {
  readonly #random: Random;
  #pool: Uint8Array = noHash;
  #used = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * The purchase in the form for the order leader; the same for each retry. `seenTime` is the
   * newest known catalog log time, `quotedKey` is as in the request's context.
   */
  purchase(params: Params<'buy'>, seenTime: number | undefined, quotedKey?: string): BuyParams {
    const lines = purchaseLines(params);
    const seen = seenTime === undefined ? ([] as const) : ([seenTime] as const);
    if (params.key === undefined) return [this.#next(), keyKinds.frontend, noHash, lines, ...seen];
    const key = clientKeyDigest(params.key);
    const requestHash = digest(JSON.stringify(lines), requestHashBytes);
    // The digest is the sixth field, so the fifth must be present.
    const [time] = seen;
    if (quotedKey === undefined || time === undefined) {
      return [key, keyKinds.client, requestHash, lines, ...seen];
    }
    return [key, keyKinds.client, requestHash, lines, time, digest(quotedKey, digestBytes)];
  }

  /**
   * The key of a trade operation. `request` is what the client asked for, without the key; the same
   * for each retry.
   */
  operation(
    key: string | undefined,
    request: readonly unknown[],
    seenTime: number | undefined,
  ): OperationKey {
    // Without a known log time the order leader's own counts.
    const seen = seenTime ?? Number.MAX_SAFE_INTEGER;
    if (key === undefined) return [this.#next(), keyKinds.frontend, noHash, seen];
    const requestHash = digest(JSON.stringify(inOrder(request)), requestHashBytes);
    return [clientKeyDigest(key), keyKinds.client, requestHash, seen];
  }

  /** A new id of a hold. */
  holdId(): HoldId {
    return Uint8Array.from(this.#next());
  }

  /** The key of a change; `seenTime` as for a purchase. */
  change(key: string, request: ChangeRequest, seenTime: number | undefined): ChangeKey {
    const requestHash = digest(JSON.stringify(inOrder(request)), requestHashBytes);
    return [clientKeyDigest(key), requestHash, seenTime ?? null];
  }

  /**
   * Draws random bytes for many keys at once, because each call of the generator costs more than a
   * key.
   */
  #next(): Uint8Array {
    if (this.#used === this.#pool.length) {
      this.#pool = this.#random.bytes(poolBytes);
      this.#used = 0;
    }
    const key = this.#pool.subarray(this.#used, this.#used + digestBytes);
    this.#used += digestBytes;
    return key;
  }
}

/** Sorts fields: the same fields in another order are the same request. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The digest in the form in which keys are stored and orders contain it. */
export function clientKeyDigest(key: string): Uint8Array {
  return digest(key, digestBytes);
}

function digest(text: string, length: number): Uint8Array {
  return hash('sha256', text, 'buffer').subarray(0, length);
}

/** A customer's name in the form in which it is stored. */
export function customerDigest(customer: string): Uint8Array {
  return digest(customer, digestBytes);
}

export function purchaseLines(params: Params<'buy'> | LinesOf): PurchaseLine[] {
  if ('lines' in params) return params.lines.map(purchaseLine);
  return [purchaseLine(params)];
}

function purchaseLine(
  line: { id: number; quantity: number } | { name: string; quantity: number },
): PurchaseLine {
  return 'id' in line ? [line.id, line.quantity] : [line.name, line.quantity];
}
