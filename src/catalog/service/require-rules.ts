/** Refuses features of newer rules until these apply. */
import { BazarError } from '../../base/errors.js';
import type { CatalogMachine } from '../machine/catalog-machine.js';

/** Throws `unavailable` if the feature's version of the rules does not apply yet. */
export function requireRules(
  { machine }: { readonly machine: CatalogMachine },
  version: number,
  feature: string,
): void {
  if (machine.rules >= version) return;
  const message = `${feature} needs all catalog replicas to run a build that supports it`;
  throw new BazarError('unavailable', message);
}
