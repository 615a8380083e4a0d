/**
 * One purchase with a key. If its outcome is unknown, the error names the key, so that the user can
 * repeat the purchase; a repeat with the same key buys nothing.
 */

import { BazarError } from '../../base/errors.js';
import { systemRandom } from '../../base/random.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { Params, Placed } from '../../wire/schemas.js';

export async function buyOnce(client: BazarClient, params: Params<'buy'>): Promise<Placed> {
  const key = params.key ?? systemRandom.uuid();
  try {
    return await client.buy({ ...params, key });
  } catch (error) {
    if (!(error instanceof BazarError) || !isUnknown(error)) throw error;
    const { code, details } = error;
    const told = `the outcome of the purchase is unknown: repeat it with --key ${key}, which buys once`;
    throw new BazarError(code, told, { details: { ...details, unknown: true, key }, cause: error });
  }
}

function isUnknown({ code, details: { unknown } }: BazarError): boolean {
  return unknown === true || (code === 'deadline_exceeded' && unknown !== false);
}
