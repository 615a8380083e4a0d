/** How a broken rule replaces methods of production's classes while one entry is applied (broken-trades.ts). */
import type { CatalogMachine } from '../src/catalog/machine/catalog-machine.js';
import type { CatalogCommand } from '../src/wire/internal.js';
import type { Bug } from './bugs.js';
import type { World } from './world.js';

export interface Patched {
  readonly world: World;
  readonly command: CatalogCommand | undefined;
  /** The replica's wall clock. */
  readonly wallMs: () => number;
  /** Of the entry. */
  readonly seq: number;
  /** That applies the entry. */
  readonly machine: CatalogMachine;
  /** Replaces a method until the entry is applied. */
  readonly replace: Replace;
}

export type Method = (this: never, ...args: never[]) => unknown;
export type Replace = <Class extends object, Name extends keyof Class & string>(
  target: { readonly prototype: Class },
  name: Name,
  make: (original: Class[Name]) => Class[Name],
) => void;

export type Patches = Partial<Record<Bug, (patched: Patched) => void>>;
