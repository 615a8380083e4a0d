/**
 * Makes the state machine of a process, with a random seed for its index of keys. Each process draws its
 * own seed: the state does not depend on it.
 */
import { purchaseLimits } from '../../base/limits.js';
import { type Random, systemRandom } from '../../base/random.js';
import { CatalogMachine } from '../machine/catalog-machine.js';

export function newMachine(random: Random = systemRandom): CatalogMachine {
  const [first = 0, second = 0] = new Uint32Array(Uint8Array.from(random.bytes(8)).buffer);
  return new CatalogMachine({ ...purchaseLimits, indexSeed: [first, second] });
}
