/** Reads `--dialect-port NAME=PORT`: which dialects get a port of their own, and where. */

import { dialectNames, isDialectName } from '../../gateway/dialect-names.js';
import type { DialectPort } from '../../gateway/frontend-config.js';
import { UsageError } from '../output/exit-codes.js';

const portMax = 65_535;

/**
 * The dialect ports of frontend `n`. They follow those of the frontends before it, which may share
 * its machine.
 */
export function dialectPorts(entries: readonly string[], host: string, n: number): DialectPort[] {
  return entries.map((entry) => {
    const [name = '', text = '', ...rest] = entry.split('=');
    const port = Number(text) + n - 1;
    const isPort = /^\d{1,5}$/.test(text) && Number(text) > 0 && port <= portMax;
    if (!isDialectName(name)) {
      throw new UsageError(`--dialect-port: "${name}" is not one of ${dialectNames.join(', ')}`);
    }
    if (!isPort || rest.length > 0) {
      throw new UsageError(`--dialect-port must have the form ${name}=8000, not "${entry}"`);
    }
    return { name, address: { host, port } };
  });
}
