/**
 * Reports catalog changes to live listeners: the products that applied entries touched, each at
 * most once an interval, with its newest record. Does no work without listeners. Invariant: a
 * listener that cannot get every change gets a notice that it missed some.
 */
import type { Clock, Timer } from '../../base/clock.js';
import { type Change, type Changes, changeKinds, type ProductRecord } from '../../wire/internal.js';
import type { CatalogResult } from '../machine/results.js';

const coalesceMs = 80;
/** Maximum of products in one message; the rest follow in the next interval. */
const changesPerMessage = 1_000;
/**
 * Maximum of waiting products. Beyond it all are dropped, and the listeners get a notice that they
 * missed changes.
 */
const waitingMax = 20_000;

type Kind = (typeof changeKinds)[keyof typeof changeKinds];

export interface ChangeFeedOptions {
  readonly clock: Clock;
  readonly record: (id: number) => ProductRecord | undefined;
}

/** Gets null if changes were missed. */
export type ChangeListener = (changes: Changes) => void;

export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #listeners = new Set<ChangeListener>();
  readonly #waiting = new Map<number, Kind>();
  #timer: Timer | undefined;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  join(listener: ChangeListener): void {
    this.#listeners.add(listener);
  }

  leave(listener: ChangeListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting.clear();
  }

  /** An entry was applied. */
  applied(result: CatalogResult): void {
    if (this.#listeners.size === 0 || !('touched' in result)) return;
    if (result.touched.length === 0) return;
    const kind = kindOf(result);
    const isTrade = result.kind === 'trade' || result.kind === 'expired';
    for (const id of result.touched) {
      // A hold may outlive its product, whose removal was reported.
      if (isTrade && !this.#options.record(id)) continue;
      this.#touch(id, kind);
    }
    if (this.#waiting.size > waitingMax) {
      this.#waiting.clear();
      this.#tell(null);
    }
    this.#schedule();
  }

  /** An administrator's change is never reported as a mere stock change. */
  #touch(id: number, kind: Kind): void {
    const before = this.#waiting.get(id);
    if (before !== undefined && kind === changeKinds.stock) return;
    const isNew = before === changeKinds.add && kind === changeKinds.update;
    this.#waiting.set(id, isNew ? changeKinds.add : kind);
  }

  #schedule(): void {
    if (this.#waiting.size === 0) return;
    this.#timer ??= this.#options.clock.after(coalesceMs, () => this.#flush());
  }

  #flush(): void {
    this.#timer = undefined;
    const changes: Change[] = [];
    for (const [id, kind] of this.#waiting) {
      if (changes.length === changesPerMessage) break;
      this.#waiting.delete(id);
      changes.push([kind, id, this.#options.record(id) ?? null]);
    }
    this.#tell(changes);
    this.#schedule();
  }

  #tell(changes: Changes): void {
    for (const listener of this.#listeners) listener(changes);
  }
}

function kindOf(result: Extract<CatalogResult, { touched: readonly number[] }>): Kind {
  if (result.kind !== 'stored') return changeKinds.stock;
  // Every later change increases the version.
  return result.record[5] === 1 ? changeKinds.add : changeKinds.update;
}
