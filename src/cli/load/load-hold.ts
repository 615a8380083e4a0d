/**
 * A purchase of a load customer that begins with a hold: the customer confirms all of it or a part, releases
 * it, or abandons it. Draws decide; every request has a key.
 */
import type { Random } from '../../base/random.js';
import type { BazarClient } from '../../client/bazar-client.js';

/** Longer than the requests of a customer take; only abandoned holds reach it. */
const ttlSeconds = 5;

/** The operations of a customer with holds. */
export type Holder = Pick<BazarClient, 'hold' | 'confirmHold' | 'releaseHold'>;

export interface HoldCounts {
  opened: number;
  confirmed: number;
  released: number;
}

export interface HoldStep {
  readonly client: Holder;
  readonly draws: Random;
  readonly keys: Random;
  readonly counts: HoldCounts;
}

/** Returns what was sold; undefined if nothing was. */
export async function holdAndDecide(
  { client, draws, keys, counts }: HoldStep,
  line: ({ readonly id: number } | { readonly name: string }) & { readonly quantity: number },
) {
  const dice = draws.fraction();
  const part = 1 + draws.integer(line.quantity);
  const key = keys.uuid();
  const { hold_id: id } = await client.hold({ lines: [line], ttl_seconds: ttlSeconds, key });
  counts.opened++;
  if (dice < 0.1) return undefined;
  const ending = keys.uuid();
  if (dice < 0.3) {
    await client.releaseHold({ id, key: ending });
    counts.released++;
    return undefined;
  }
  const isWhole = dice < 0.7;
  const lines = isWhole ? {} : { lines: [{ ...line, quantity: part }] };
  const { order_number: number, total } = await client.confirmHold({ id, key: ending, ...lines });
  counts.confirmed++;
  return { number, total, quantity: isWhole ? line.quantity : part, key: ending };
}
