/**
 * The keys of purchases. A client's idempotency key is kept as its digest, with a hash of the
 * request it came with; a purchase without one gets a random key here, so that a retry of the
 * frontend's own finds the first outcome (docs/PROTOCOL.md, section 5).
 */
import { createHash } from 'node:crypto';
import type { Random } from '../base/random.js';
import { type BuyParams, keyKinds, type PurchaseLine } from '../wire/internal.js';
import type { Params } from '../wire/schemas.js';

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
   * The purchase as it travels to the order leader; the same for each retry. `seenTime` is the newest
   * log time of the catalog that is known now.
   */
  purchase(params: Params<'buy'>, seenTime: number | undefined): BuyParams {
    const lines = purchaseLines(params);
    const seen = seenTime === undefined ? ([] as const) : ([seenTime] as const);
    if (params.key === undefined) return [this.#next(), keyKinds.frontend, noHash, lines, ...seen];
    const key = digest(params.key, digestBytes);
    const hash = digest(JSON.stringify(lines), requestHashBytes);
    return [key, keyKinds.client, hash, lines, ...seen];
  }

  /** Random bytes are drawn many keys at a time: a call of the generator costs more than a key. */
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

function digest(text: string, length: number): Uint8Array {
  return createHash('sha256').update(text).digest().subarray(0, length);
}

function purchaseLines(params: Params<'buy'>): PurchaseLine[] {
  if ('lines' in params) return params.lines.map(purchaseLine);
  return [purchaseLine(params)];
}

function purchaseLine(
  line: { id: number; quantity: number } | { name: string; quantity: number },
): PurchaseLine {
  return 'id' in line ? [line.id, line.quantity] : [line.name, line.quantity];
}
