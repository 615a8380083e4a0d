/**
 * An operation with a key. If its outcome is unknown, the error names the key, so that the user can
 * repeat the command; a repeat with the same key has no further effect.
 */

import { BazarError } from '../../base/errors.js';
import { systemRandom } from '../../base/random.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { Params, Placed } from '../../wire/schemas.js';
import type { Io } from '../output/io.js';

/** Calls `send` with the given key, or with a new one. `what` names the operation in the error. */
export async function once<T>(
  what: { readonly noun: string; readonly verb: string },
  given: string | undefined,
  send: (key: string) => Promise<T>,
): Promise<T> {
  const key = given ?? systemRandom.uuid();
  try {
    return await send(key);
  } catch (error) {
    if (!(error instanceof BazarError) || !isUnknown(error)) throw error;
    const { code, details } = error;
    const told = `the outcome of the ${what.noun} is unknown: repeat it with --key ${key}, which ${what.verb} once`;
    throw new BazarError(code, told, { details: { ...details, unknown: true, key }, cause: error });
  }
}

const purchase = { noun: 'purchase', verb: 'buys' };

export function buyOnce(client: BazarClient, params: Params<'buy'>): Promise<Placed> {
  return once(purchase, params.key, (key) => client.buy({ ...params, key }));
}

export function tellReplay({ replayed }: { readonly replayed?: boolean }, io: Io): void {
  if (replayed === true) io.err('this key was used before: the store repeats its first answer\n');
}

function isUnknown({ code, details: { unknown } }: BazarError): boolean {
  return unknown === true || (code === 'deadline_exceeded' && unknown !== false);
}
