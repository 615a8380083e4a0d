/**
 * One customer: looks up products, buys, repeats purchases under a used key, and reads orders back, one
 * operation after another through every failure. The recorder gets all of it. The customer repeats a
 * purchase with a key until it is decided. An answer that a customer must not get is a problem at once.
 */
import { randomUUID } from 'node:crypto';
import type { Ending, LineWanted, Purchase } from '../src/checker/types.js';
import type { Answer, Order, Placed, Product, WireError } from '../test/e2e/raw-client.js';
import { expectOnly, insist, pause, pick, type Visitor } from './insist.js';
import { bought, type Decided, orderRead, seen } from './recorder.js';
import { Trader } from './trader.js';

const thinkMaxMs = 25;
const quantityMax = 3;
const linesMax = 3;
const rememberedMax = 50;

export class Customer {
  readonly #options: Visitor;
  readonly #trader: Trader;
  /** The newest purchases of this customer. */
  readonly #remembered: Decided[] = [];

  constructor(options: Visitor) {
    this.#options = options;
    this.#trader = new Trader(options);
  }

  /** Ends when asked to leave, with no operation under way. */
  async visit(): Promise<void> {
    const { leaving, random, connection } = this.#options;
    while (!leaving()) {
      const chance = random();
      if (chance < 0.28) await this.#buy(true);
      else if (chance < 0.3) await this.#buy(false);
      else if (chance < 0.52) await this.#trader.trade();
      else if (chance < 0.82) await this.#look();
      else if (chance < 0.92) await this.#readBack();
      else if (chance < 0.97) await this.#buyAgain();
      else await this.#search();
      await pause(random() * thinkMaxMs);
    }
    connection.leave();
  }

  async #look(): Promise<void> {
    const { recorder } = this.#options;
    const { id, name } = this.#product();
    const began = this.#begin();
    const answer = await this.#ask<Product>('lookup', this.#chance(0.8) ? { id } : { name });
    const operation = { kind: 'look-up', id, ...began, returnedMs: recorder.nowMs() } as const;
    if (answer && !answer.error) {
      recorder.add({ ...operation, ending: 'ok', result: seen(answer.result) });
    } else {
      this.#expect(answer?.error, 'a look-up', []);
      recorder.add({ ...operation, ending: 'failed' });
    }
  }

  async #search(): Promise<void> {
    const { recorder } = this.#options;
    const began = this.#begin();
    const answer = await this.#ask<{ items: Product[] }>('search', { topic: 'chaos', limit: 100 });
    const operation = { kind: 'search', ...began, returnedMs: recorder.nowMs() } as const;
    if (answer && !answer.error) {
      recorder.add({ ...operation, ending: 'ok', result: answer.result.items.map(seen) });
    } else {
      this.#expect(answer?.error, 'a search', []);
      recorder.add({ ...operation, ending: 'failed' });
    }
  }

  async #buy(withKey: boolean): Promise<void> {
    const { recorder } = this.#options;
    const lines = this.#lines();
    const [line] = lines;
    const key = withKey ? { key: randomUUID() } : {};
    const params = lines.length === 1 ? { ...line, ...key } : { lines, ...key };
    const began = this.#begin();
    const answer = withKey ? await this.#insist(params) : await this.#ask<Placed>('buy', params);
    if (!withKey) this.#expect(answer?.error, 'a purchase', ['out_of_stock']);
    const result = bought(answer);
    const ending: Ending = result ? 'ok' : 'unknown';
    const returnedMs = recorder.nowMs();
    const purchase: Purchase = {
      ...{ kind: 'purchase', ...began, returnedMs, ending, ...key, lines },
      ...(result && { result }),
    };
    const decided = { purchase, params };
    recorder.decided(decided);
    if (!withKey || !result) return;
    this.#remembered.push(decided);
    if (this.#remembered.length > rememberedMax) this.#remembered.shift();
  }

  /** A repeat under a used key must give its first outcome. */
  async #buyAgain(): Promise<void> {
    const { recorder } = this.#options;
    const decided = this.#pick(this.#remembered);
    if (!decided) return;
    const { key, result: before } = decided.purchase;
    const again = bought(await this.#ask<Placed>('buy', decided.params));
    if (again === undefined || JSON.stringify(again) === JSON.stringify(before)) return;
    recorder.problem(`${key} gave ${JSON.stringify(before)}, then ${JSON.stringify(again)}`);
  }

  async #readBack(): Promise<void> {
    const { recorder } = this.#options;
    const result = this.#pick(this.#remembered)?.purchase.result;
    if (!result || !('sold' in result)) return;
    const began = this.#begin();
    const answer = await this.#ask<Order>('order', { number: result.sold });
    const read = {
      kind: 'order',
      number: result.sold,
      ...began,
      returnedMs: recorder.nowMs(),
    } as const;
    this.#expect(answer?.error, 'reading an order', ['not_found']);
    if (answer?.error?.code === 'not_found') {
      recorder.problem(`order ${result.sold} was acknowledged and is not found`);
      recorder.add({ ...read, ending: 'ok', result: 'not_found' });
    } else if (answer && !answer.error) {
      recorder.add({ ...read, ending: 'ok', result: orderRead(answer.result) });
    } else {
      recorder.add({ ...read, ending: 'failed' });
    }
  }

  #insist(params: object): Promise<Answer<Placed> | undefined> {
    return insist(this.#options, 'buy', params, ['out_of_stock']);
  }

  #ask<R>(method: string, params: unknown): Promise<Answer<R> | undefined> {
    return this.#options.connection.ask<R>(method, params);
  }

  #expect(error: WireError | null | undefined, what: string, codes: readonly string[]): void {
    expectOnly(this.#options.recorder, error, what, codes);
  }

  #begin(): { process: string; invokedMs: number } {
    const { name, recorder } = this.#options;
    return { process: name, invokedMs: recorder.nowMs() };
  }

  #lines(): LineWanted[] {
    const count = this.#chance(0.8) ? 1 : 1 + Math.floor(this.#options.random() * linesMax);
    const ids = new Set(Array.from({ length: count }, () => this.#product().id));
    return [...ids].map((id) => ({ id, quantity: this.#upTo(quantityMax) }));
  }

  /** Any product that may be bought without terms. */
  #product(): Product {
    const { first } = this.#options.recorder;
    const product = this.#pick(first.filter((one) => one.purchase_limit === undefined));
    if (!product) throw new Error('the store has no products');
    return product;
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return pick(all, this.#options.random);
  }

  #upTo(max: number): number {
    return 1 + Math.floor(this.#options.random() * max);
  }

  #chance(probability: number): boolean {
    return this.#options.random() < probability;
  }
}
