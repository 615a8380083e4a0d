/**
 * `--without NAME` and `BAZAR_WITHOUT`: the optimisations to switch off, to find out whether one of
 * them causes a fault. Hidden in the help; docs/CONFIGURATION.md describes it.
 */
import { isOptimisation, type Optimisation, optimisationNames } from '../../base/optimisations.js';
import { UsageError } from '../output/exit-codes.js';
import { hidden, list, type Option } from './options.js';

const names = list(`Optimisations to switch off: ${optimisationNames.join(', ')}`);

export const without: Option<readonly Optimisation[]> = hidden({
  settings: names.settings,
  read(value, label) {
    const read = names.read(value, label);
    if (read.every(isOptimisation)) return read;
    throw new UsageError(`${label} must be some of ${optimisationNames.join(', ')}`);
  },
});
