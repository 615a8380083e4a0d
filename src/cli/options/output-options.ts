/** The option of every command that prints data. */
import { flag } from './options.js';

export const outputSpecs = {
  json: flag('Print JSON', { group: 'Output:' }),
} as const;
