/**
 * All dialects, with look-up by name and by request path.
 */

import type { DialectName } from '../dialect-names.js';
import { bazar } from './bazar.js';
import { bazarHw1 } from './bazar-hw1.js';
import { bazarV2 } from './bazar-v2.js';
import type { Dialect } from './dialect.js';
import { pygmy } from './pygmy.js';
import { toystore } from './toystore.js';

const byName: Readonly<Record<DialectName, Dialect>> = {
  bazar,
  'bazar-v2': bazarV2,
  'bazar-hw1': bazarHw1,
  pygmy,
  toystore,
};

export const dialects: readonly Dialect[] = Object.values(byName);

export function dialectPrefix({ name }: Dialect): string {
  return `/dialects/${name}`;
}

/** Undefined for paths of the root API. */
export function dialectAt(url: string): Dialect | undefined {
  return dialects.find((dialect) => url.startsWith(`${dialectPrefix(dialect)}/`));
}

export function dialectOf(name: DialectName): Dialect {
  return byName[name];
}
