/**
 * Customers that buy one after the other and always retry, as the client library does, and the times of
 * their acknowledgements: outages are measured at the customers, not at the servers.
 */
import { BazarClient } from '../../src/client/bazar-client.js';
import type { Target } from './session.js';

interface Purchase {
  readonly sentMs: number;
  readonly doneMs: number;
  readonly order: number;
}

const patienceMs = 30_000;

export class Customers {
  readonly #client: BazarClient;
  readonly #item: number;
  readonly #done: Purchase[] = [];
  readonly #loops: Promise<void>[] = [];
  readonly #waiting: { sinceMs: number; resolve(purchase: Purchase): void }[] = [];
  readonly failures: string[] = [];
  #open = true;

  constructor({ host, port }: Target, item: number) {
    this.#client = new BazarClient({
      addresses: [{ host, port }],
      timeoutMs: patienceMs,
      name: 'bench',
    });
    this.#item = item;
  }

  start(count: number): void {
    for (let n = 0; n < count; n++) this.#loops.push(this.#operations());
  }

  get acknowledged(): number {
    return this.#done.length;
  }

  get newestOrder(): number {
    return this.#done.reduce((newest, { order }) => Math.max(newest, order), 0);
  }

  /** The first acknowledgement of a purchase that was sent after this time. */
  next(sinceMs: number): Promise<Purchase> {
    return new Promise((resolve) => this.#waiting.push({ sinceMs, resolve }));
  }

  /** The longest time without an acknowledgement between the two times. */
  longestGap(fromMs: number, untilMs: number): number {
    const times = this.#done
      .map(({ doneMs }) => doneMs)
      .filter((ms) => ms >= fromMs && ms <= untilMs)
      .sort((a, b) => a - b);
    let before = fromMs;
    let longest = 0;
    for (const ms of [...times, untilMs]) {
      longest = Math.max(longest, ms - before);
      before = ms;
    }
    return longest;
  }

  /** Ends after the purchases under way; returns violations, such as an order number given twice. */
  async close(): Promise<string[]> {
    this.#open = false;
    await Promise.all(this.#loops);
    this.#client.close();
    const orders = new Set(this.#done.map(({ order }) => order));
    const twice = this.#done.length - orders.size;
    return [...this.failures, ...(twice > 0 ? [`${twice} order numbers were given twice`] : [])];
  }

  async #operations(): Promise<void> {
    while (this.#open) {
      const sentMs = performance.now();
      try {
        const placed = await this.#client.buy({ id: this.#item, quantity: 1 });
        this.#bought({ sentMs, doneMs: performance.now(), order: placed.order_number });
      } catch (error) {
        this.failures.push(error instanceof Error ? error.message : String(error));
        return;
      }
    }
  }

  #bought(purchase: Purchase): void {
    this.#done.push(purchase);
    for (const waiting of [...this.#waiting]) {
      if (purchase.sentMs < waiting.sinceMs) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve(purchase);
    }
  }
}
