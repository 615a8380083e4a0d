/**
 * Collects the cache content of every session thread for the owner. Threads answer independently,
 * so a round ends when all have answered or its time is up. Does not depend on threads: the caller
 * sends the question to them.
 */
import type { Clock } from '../base/clock.js';
import type { Product } from '../wire/schemas.js';

/** Maximum wait; a thread that was just replaced does not answer. */
const roundMs = 500;

export interface CacheRoundsOptions {
  readonly clock: Clock;
  /** Asks all threads and returns their number. */
  readonly ask: (round: number) => number;
}

interface Round {
  waiting: number;
  readonly found: Map<number, Product>;
  readonly finish: () => void;
}

export class CacheRounds {
  readonly #options: CacheRoundsOptions;
  readonly #rounds = new Map<number, Round>();
  #last = 0;

  constructor(options: CacheRoundsOptions) {
    this.#options = options;
  }

  /** Returns the products of all threads, each once, by id. */
  take(): Promise<Product[]> {
    const number = ++this.#last;
    return new Promise((resolve) => {
      const found = new Map<number, Product>();
      const finish = (): void => {
        timer.cancel();
        this.#rounds.delete(number);
        resolve([...found.values()].sort((a, b) => a.id - b.id));
      };
      const timer = this.#options.clock.after(roundMs, finish);
      const round: Round = { waiting: 0, found, finish };
      this.#rounds.set(number, round);
      round.waiting += this.#options.ask(number);
      if (round.waiting === 0) finish();
    });
  }

  /** Takes one thread's answer. */
  heard(number: number, products: readonly Product[]): void {
    const round = this.#rounds.get(number);
    if (!round) return;
    for (const product of products) {
      const known = round.found.get(product.id);
      if (!known || known.version < product.version) round.found.set(product.id, product);
    }
    round.waiting--;
    if (round.waiting === 0) round.finish();
  }
}
