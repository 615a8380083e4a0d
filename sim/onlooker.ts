/**
 * Compares both frontends in turn while one of them is adrift, and changes the products meanwhile: the
 * frontend that is adrift must not contradict the other's answers (I9). A request without an answer is
 * repeated only when there is a newer version.
 */
import type { Customer } from './customer.js';
import type { Frontend } from './frontend.js';
import { tagItem } from './ledger.js';
import type { World } from './world.js';

const lookEveryMs = 4;

export interface OnlookerOptions {
  readonly world: World;
  /** The customer that makes the requests. */
  readonly customer: Customer;
  readonly other: Frontend;
  readonly adrift: Frontend;
}

export class Onlooker {
  readonly #options: OnlookerOptions;
  /** Requests without an answer, by frontend and item. */
  readonly #open = new Set<string>();
  /** The newest version known at the last request to the frontend that is adrift. */
  readonly #known = new Map<number, number>();
  #stopped = false;

  constructor(options: OnlookerOptions) {
    this.#options = options;
  }

  /** Changes each product once, at a random time after `fromMs`; looks until `forMs` are over. */
  watch(fromMs: number, forMs: number): void {
    const { world, customer, other } = this.#options;
    const { scheduler, random } = world;
    for (const item of this.#items()) {
      const atMs = fromMs + (forMs - fromMs) * random.faults.fraction();
      scheduler.in(atMs, () => {
        if (!this.#stopped) customer.changeAt(other, item);
      });
    }
    const untilMs = scheduler.nowMs + forMs;
    const look = (): void => {
      if (this.#stopped || scheduler.nowMs > untilMs) return;
      for (const item of this.#items()) this.#lookAt(item);
      scheduler.in(lookEveryMs, look);
    };
    look();
  }

  stop(): void {
    this.#stopped = true;
  }

  #lookAt(item: number): void {
    const { world, other, adrift } = this.#options;
    const newest = world.reads.minimum(item);
    const isNews = newest > (this.#known.get(item) ?? 0);
    if (isNews || !this.#open.has(keyOf(adrift, item))) {
      this.#known.set(item, newest);
      this.#ask(adrift, item);
    }
    if (!this.#open.has(keyOf(other, item))) this.#ask(other, item);
  }

  #ask(frontend: Frontend, item: number): void {
    const key = keyOf(frontend, item);
    this.#open.add(key);
    void this.#options.customer.lookAt(frontend, item).then(() => this.#open.delete(key));
  }

  #items(): number[] {
    const { items } = this.#options.world.profile;
    return Array.from({ length: items }, (_, at) => tagItem + 1 + at);
  }
}

function keyOf({ name }: Frontend, item: number): string {
  return `${name}/${item}`;
}
