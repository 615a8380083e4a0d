/**
 * One customer: looks up products, buys, repeats purchases under a used key, and reads orders back, one
 * operation after another through every failure. The recorder gets all of it. The customer repeats a
 * purchase with a key until it is decided. An answer that a customer must not get is a problem at once.
 */
import { randomUUID } from 'node:crypto';
import type { Bought, Ending, LineWanted, Purchase } from '../src/checker/types.js';
import type { Answer, Order, Placed, Product, WireError } from '../test/e2e/raw-client.js';
import type { CustomerConnection } from './customer-connection.js';
import { cents, type Decided, orderRead, type Recorder, seen } from './recorder.js';

const thinkMaxMs = 25;
const retryMs = 40;
const retriesSlower = 8;
const quantityMax = 3;
const linesMax = 3;
/** Far above the longest fault: a longer wait never ends. */
const decidedWithinMs = 150_000;
const rememberedMax = 50;

export interface CustomerOptions {
  readonly name: string;
  readonly connection: CustomerConnection;
  readonly recorder: Recorder;
  readonly random: () => number;
  readonly leaving: () => boolean;
  /** The run is given up: the customer stops waiting. */
  readonly abandoned: () => boolean;
}

export class Customer {
  readonly #options: CustomerOptions;
  /** The newest purchases of this customer. */
  readonly #remembered: Decided[] = [];

  constructor(options: CustomerOptions) {
    this.#options = options;
  }

  /** Ends when asked to leave, with no operation under way. */
  async visit(): Promise<void> {
    const { leaving, random, connection } = this.#options;
    while (!leaving()) {
      const chance = random();
      if (chance < 0.42) await this.#buy(true);
      else if (chance < 0.44) await this.#buy(false);
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

  /** Repeats the purchase until it is decided; undefined if it never was. */
  async #insist(params: object): Promise<Answer<Placed> | undefined> {
    const { recorder, random, connection } = this.#options;
    const beganMs = recorder.nowMs();
    for (let tries = 1; ; tries++) {
      const answer = await this.#ask<Placed>('buy', params);
      this.#expect(answer?.error, 'a purchase', ['out_of_stock']);
      if (answer && !tryAgain(answer.error)) return answer;
      if (!answer || answer.error?.code === 'deadline_exceeded') recorder.attemptsLost += 1;
      if (this.#options.abandoned()) return undefined;
      if (recorder.nowMs() - beganMs > decidedWithinMs) {
        recorder.problem(
          `purchase ${JSON.stringify(params)} was not decided in ${decidedWithinMs} ms`,
        );
        return undefined;
      }
      if (answer && this.#chance(0.5)) connection.leave();
      await pause(random() * retryMs * Math.min(tries, retriesSlower));
    }
  }

  #ask<R>(method: string, params: unknown): Promise<Answer<R> | undefined> {
    return this.#options.connection.ask<R>(method, params);
  }

  /** Any other error that does not allow a retry is a problem. */
  #expect(error: WireError | null | undefined, what: string, codes: readonly string[]): void {
    if (!error || tryAgain(error) || codes.includes(error.code)) return;
    this.#options.recorder.problem(`${what} met ${error.code}: ${error.message}`);
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

  #product(): Product {
    const product = this.#pick(this.#options.recorder.first);
    if (!product) throw new Error('the store has no products');
    return product;
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.#options.random() * all.length)];
  }

  #upTo(max: number): number {
    return 1 + Math.floor(this.#options.random() * max);
  }

  #chance(probability: number): boolean {
    return this.#options.random() < probability;
  }
}

function tryAgain(error: WireError | null): boolean {
  return error !== null && (error.retryable || error.code === 'deadline_exceeded');
}

/** Undefined if the answer shows no outcome. */
function bought(answer: Answer<Placed> | undefined): Bought | undefined {
  if (!answer) return undefined;
  const { error, result } = answer;
  if (!error) return { sold: result.order_number, totalCents: cents(result.total) };
  if (error.code !== 'out_of_stock') return undefined;
  const { id, available } = error as WireError & { id: number };
  return { refused: id, ...(available !== undefined && { available }) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
