/**
 * Parts of the services with one rule broken each, for the seeded bugs. Apart from that rule they are
 * the classes of production.
 */
import type { Clock } from '../src/base/clock.js';
import { CatalogMachine, type CatalogResult } from '../src/catalog/machine/catalog-machine.js';
import type { WriteSet } from '../src/catalog/machine/write-set.js';
import { CatalogStore } from '../src/catalog/service/store.js';
import type { Entry } from '../src/consensus/types.js';
import type {
  Horizon,
  InvalidationVersions,
  Sighting,
} from '../src/frontend/cache/invalidation-versions.js';
import {
  type CachedProduct,
  ProductCache,
  type Provenance,
} from '../src/frontend/cache/product-cache.js';
import type { SharedCache } from '../src/frontend/cache/shared-cache.js';
import { decode, encode } from '../src/wire/codec.js';
import { type CatalogCommand, type Purchase, unusedIds } from '../src/wire/internal.js';
import {
  withoutCancelled,
  withoutCapacity,
  withoutKeys,
  withoutLeaseHolders,
  withoutMovements,
  withoutReferences,
  withoutUses,
} from '../test/catalog/machine/snapshot-pieces.js';
import { withoutRestocks } from './broken-cancellations.js';
import { breakLeases } from './broken-leases.js';
import { applyBroken, withoutHolds } from './broken-trades.js';
import type { World } from './world.js';

const cacheBytes = 1_000_000;

/** Rewrites commands before they are applied, in the same way on every replica and in every life. */
class Rewriter {
  readonly #world: World;
  readonly #written = new Map<number, Uint8Array>();
  /** How often each key was refused. */
  readonly #refused = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  apply(entry: Entry, machine: CatalogMachine, apply: (entry: Entry) => CatalogResult) {
    if (entry.command.length === 0) return apply(entry);
    let command = this.#written.get(entry.seq);
    const isFirst = command === undefined;
    if (command === undefined) {
      const original = decode(entry.command) as CatalogCommand;
      command = encode(this.#rewrite(original, machine));
      this.#written.set(entry.seq, command);
    }
    const result = apply({ ...entry, command });
    if (isFirst) this.#noteRefusals(decode(entry.command) as CatalogCommand, result);
    return result;
  }

  #rewrite(command: CatalogCommand, machine: CatalogMachine): CatalogCommand {
    if (command[0] === 'restock' && this.#world.hasBug('restocks-whatever-k')) {
      const [, , ...target] = command;
      return ['restock', machine.lastRestock + 1, ...target];
    }
    if (command[0] !== 'sell') return command;
    const [, epoch, at, purchases, bounds = false] = command;
    const newest = this.#world.hasBug('the-deposed-may-sell') ? 2 ** 30 : epoch;
    return ['sell', newest, at, purchases.map((one) => this.#rewritten(one)), bounds];
  }

  #rewritten([key, kind, hash, lines, seen]: Purchase): Purchase {
    const times = this.#refused.get(textOf(key)) ?? 0;
    const isForgotten = this.#world.hasBug('refusals-are-forgotten') && times > 0;
    const other = isForgotten ? Uint8Array.from(key, (byte) => byte ^ times) : key;
    const same = this.#world.hasBug('requests-are-not-compared');
    return [other, kind, same ? new Uint8Array(0) : hash, lines, seen];
  }

  #noteRefusals(command: CatalogCommand, result: CatalogResult): void {
    if (command[0] !== 'sell' || result.kind !== 'sell') return;
    for (const [index, [key]] of command[3].entries()) {
      if (result.outcomes[index]?.[0] !== 'out_of_stock') continue;
      this.#refused.set(textOf(key), (this.#refused.get(textOf(key)) ?? 0) + 1);
    }
  }
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}

const rewriters = new WeakMap<World, Rewriter>();
const rewritten = [
  'restocks-whatever-k',
  'the-deposed-may-sell',
  'refusals-are-forgotten',
  'requests-are-not-compared',
] as const;

class BrokenMachine extends CatalogMachine {
  readonly #world: World;
  readonly #clock: Clock;

  constructor(world: World, clock: Clock) {
    super();
    this.#world = world;
    this.#clock = clock;
  }

  override apply(entry: Entry): CatalogResult {
    return applyBroken(
      this.#world,
      { machine: this, wallMs: () => this.#clock.wallMs() },
      entry,
      (changed) => this.#apply(changed),
    );
  }

  override writeSet(command: CatalogCommand): WriteSet {
    const told = withoutRestocks(this.#world, command);
    return withoutHolds(this.#world, command, super.writeSet(told));
  }

  #apply(entry: Entry): CatalogResult {
    if (!rewritten.some((bug) => this.#world.hasBug(bug))) return super.apply(entry);
    const rewriter = rewriters.get(this.#world) ?? new Rewriter(this.#world);
    rewriters.set(this.#world, rewriter);
    return rewriter.apply(entry, this, (changed) => super.apply(changed));
  }

  override mayBeTooLarge(purchase: Purchase): boolean {
    return !this.#world.hasBug('totals-go-unchecked') && super.mayBeTooLarge(purchase);
  }

  override snapshot(): Iterable<Uint8Array> {
    const whole = super.snapshot();
    if (this.#world.hasBug('registry-is-not-saved')) return withoutLeaseHolders(whole);
    if (this.#world.hasBug('capacity-is-not-saved')) return withoutCapacity(whole);
    if (this.#world.hasBug('references-are-not-saved')) return withoutReferences(whole);
    if (this.#world.hasBug('uses-are-not-saved')) return withoutUses(whole);
    if (this.#world.hasBug('cancelled-units-are-not-saved')) return withoutCancelled(whole);
    if (this.#world.hasBug('movements-are-not-saved')) return withoutMovements(whole);
    return this.#world.hasBug('keys-are-not-saved') ? withoutKeys(whole) : whole;
  }
}

class UnorderedCatalog extends CatalogStore {
  override readBarrier(): Promise<number> {
    return Promise.resolve(0);
  }
}

export interface CacheParts {
  readonly entriesMax: number;
  readonly shared: SharedCache;
}

class BrokenCache extends ProductCache {
  readonly #world: World;
  readonly #versions: InvalidationVersions;

  constructor(world: World, versions: InvalidationVersions, { entriesMax, shared }: CacheParts) {
    super(versions, { entriesMax, bytesMax: cacheBytes }, { shared });
    this.#world = world;
    this.#versions = versions;
  }

  override mayJoin(sighting: Sighting): boolean {
    return this.#world.hasBug('joins-an-older-question') || super.mayJoin(sighting);
  }

  override wasThere(horizon: Horizon): boolean {
    return this.#world.hasBug('absences-lend-products') || super.wasThere(horizon);
  }

  override isSettled(id: number, from: Provenance): boolean {
    const isIgnored = id === unusedIds && this.#world.hasBug('absences-outlive-additions');
    return isIgnored || super.isSettled(id, from);
  }

  override fill(found: CachedProduct, { appliedSeq, grantEpoch }: Provenance): void {
    const late = this.#world.hasBug('stamps-seen-too-late');
    const loose = late || this.#world.hasBug('caches-the-undecided');
    const isLate = late || this.#world.hasBug('stamps-seen-late');
    const sighting = isLate ? this.#versions.sight(found.sighting.bucket) : found.sighting;
    const seq = loose ? Number.MAX_SAFE_INTEGER : appliedSeq;
    super.fill({ ...found, sighting }, { appliedSeq: seq, grantEpoch });
  }
}

export function newCatalogMachine(world: World, clock: Clock): CatalogMachine {
  return new BrokenMachine(world, clock);
}

export function newCatalogStore(
  world: World,
  options: ConstructorParameters<typeof CatalogStore>[0],
): CatalogStore {
  const unordered = world.hasBug('reads-without-position');
  const store = unordered ? new UnorderedCatalog(options) : new CatalogStore(options);
  breakLeases(world, store);
  return store;
}

export function newCache(
  world: World,
  versions: InvalidationVersions,
  parts: CacheParts,
): ProductCache {
  return new BrokenCache(world, versions, parts);
}
