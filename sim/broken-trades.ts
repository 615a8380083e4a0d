/**
 * Breaks rules of holds and purchase limits (docs/STOCK.md) while one entry is applied, for the seeded
 * bugs: replaces methods of production's classes for the time of the call.
 */
import { holdLimits } from '../src/base/limits.js';
import type { KeptHold } from '../src/catalog/machine/hold-slab.js';
import { HoldTable } from '../src/catalog/machine/hold-table.js';
import { LimitUses } from '../src/catalog/machine/limit-uses.js';
import { Products } from '../src/catalog/machine/products.js';
import type { WriteSet } from '../src/catalog/machine/write-set.js';
import type { Entry } from '../src/consensus/types.js';
import { decode, encode } from '../src/wire/codec.js';
import type { CatalogCommand } from '../src/wire/internal.js';
import { cancelPatches } from './broken-cancellations.js';
import { ledgerPatches } from './broken-ledgers.js';
import type { Bug } from './bugs.js';
import type { Method, Patched, Patches, Replace } from './patches.js';
import type { World } from './world.js';

/** Log time within which a use was not applied yet when a purchase after it was proposed. */
const underWayMs = 25;
const never = Number.MAX_SAFE_INTEGER;

const patches: Patches = {
  ...cancelPatches,
  ...ledgerPatches,
  'confirms-after-the-end': ({ command, replace }) => {
    if (command?.[0] === 'trade') replaceEnd(replace, (hold) => ({ ...hold, at: never }));
  },
  'holds-end-by-a-local-clock': ({ wallMs, replace }) => {
    replaceEnd(replace, (hold) => ({ ...hold, at: wallMs() < hold.wallOrOrder ? never : 0 }));
  },
  'resolved-holds-expire': ({ command, replace }) => {
    if (command?.[0] !== 'expire') return;
    const resolved = new Set<number>();
    replaceRead(replace, (hold) => {
      if (hold.state === 'open') return hold;
      resolved.add(hold.serial);
      return { ...hold, state: 'open', at: 0 };
    });
    replace(HoldTable, 'resolve', (resolve) => {
      return function (this: HoldTable, hold, ...how) {
        if (!resolved.has(hold.serial)) resolve.call(this, hold, ...how);
      };
    });
    replace(Products, 'unreserve', (unreserve) => {
      return function (this: Products, product, quantity, at, why) {
        unreserve.call(this, product, Math.min(quantity, product.reserved), at, why);
      };
    });
  },
  'partly-confirmed-holds-leak': ({ command, replace }) => {
    if (command?.[0] !== 'trade' || !command[3].every(([name]) => name === 'confirm')) return;
    replace(Products, 'unreserve', () => () => {});
  },
  'resolved-holds-are-dropped': ({ replace }) => {
    replace(HoldTable, 'forget', (forget) => {
      return function (this: HoldTable, time) {
        forget.call(this, time + holdLimits.resolvedMs);
      };
    });
  },
  'limits-are-checked-before-the-log': ({ replace }) => {
    replace(LimitUses, 'refusal', (refusal) => {
      return function (this: LimitUses, product, limit, customer, quantity, time) {
        const found = refusal.call(this, product, limit, customer, quantity, time);
        if (!found) return undefined;
        let [used, recent] = [0, 0];
        for (const use of this.all()) {
          if (use.product !== product || !Buffer.from(use.customer).equals(customer)) continue;
          used += use.quantity;
          if (use.time > time - underWayMs) recent += use.quantity;
        }
        return used - recent + quantity <= limit.quantity ? undefined : found;
      };
    });
  },
  'limits-keep-what-comes-back': ({ replace }) => {
    replace(LimitUses, 'giveBack', () => () => {});
  },
  'limits-give-back-twice': ({ replace }) => {
    replace(LimitUses, 'giveBack', (giveBack) => {
      return function (this: LimitUses, ...args) {
        giveBack.apply(this, args);
        giveBack.apply(this, args);
      };
    });
  },
};

/** Replaces when open holds end, as operations see it. */
function replaceEnd(replace: Replace, end: (hold: KeptHold) => KeptHold): void {
  replaceRead(replace, (hold) => (hold.state === 'open' ? end(hold) : hold));
}

/** Replaces what operations read; the table itself reads its holds as they are. */
function replaceRead(replace: Replace, change: (hold: KeptHold) => KeptHold): void {
  let isInside = false;
  replace(HoldTable, 'read', (read) => {
    return function (this: HoldTable, serial) {
      const hold = read.call(this, serial);
      return isInside ? hold : change(hold);
    };
  });
  for (const name of ['resolve', 'extend'] as const) {
    replace(HoldTable, name, (original: (...args: never[]) => void) => {
      return function (this: HoldTable, ...args: never[]) {
        isInside = true;
        original.apply(this, args);
        isInside = false;
      };
    });
  }
}

/** Applies an entry by the broken rules. */
export function applyBroken<Result>(
  world: World,
  { machine, wallMs }: Pick<Patched, 'machine' | 'wallMs'>,
  entry: Entry,
  apply: (entry: Entry) => Result,
): Result {
  const broken = Object.entries(patches).filter(([bug]) => world.hasBug(bug as Bug));
  if (broken.length === 0) return apply(entry);
  const command = entry.command.length > 0 ? (decode(entry.command) as CatalogCommand) : undefined;
  const undo: (() => void)[] = [];
  const replace: Replace = ({ prototype }, name, make) => {
    const original = prototype[name];
    Object.assign(prototype, { [name]: make(original) as Method });
    undo.push(() => Object.assign(prototype, { [name]: original }));
  };
  for (const [, patch] of broken)
    patch({ world, command, wallMs, machine, seq: entry.seq, replace });
  try {
    return apply(toEveryHold(world, command, entry));
  } finally {
    for (const one of undo) one();
  }
}

/** The seeded bug: an entry names holds that were resolved long ago, too. */
function toEveryHold(world: World, command: CatalogCommand | undefined, entry: Entry): Entry {
  if (command?.[0] !== 'expire' || !world.hasBug('resolved-holds-expire')) return entry;
  const all = Array.from({ length: Math.max(0, ...command[1]) }, (_, place) => place + 1);
  return { ...entry, command: encode(['expire', all]) };
}

/** The seeded bug: caches are not told which products a hold's end changes. */
export function withoutHolds(world: World, command: CatalogCommand, set: WriteSet): WriteSet {
  if (!world.hasBug('ends-of-holds-are-not-told')) return set;
  if (command[0] === 'expire') return { ...set, ids: [] };
  if (command[0] !== 'trade') return set;
  const opens = command[3].some(([name]) => name === 'buy' || name === 'hold');
  const { ofUndecided: _known, ...rest } = set;
  return opens ? rest : { ...rest, ids: [] };
}
