/** The option of every command that has something to tell. */
import { flag } from './options.js';

export const outputSpecs = {
  json: flag('Print JSON for machines', { group: 'Output:' }),
} as const;
