/**
 * A customer: looks up products, buys with and without its own key, repeats with the same key after an
 * unknown outcome, and reads its orders back. Passes all answers to the checkers.
 */
import { required } from '../src/base/assert.js';
import { sleep } from '../src/base/clock.js';
import { toBazarError } from '../src/base/errors.js';
import { purchaseLimits } from '../src/base/limits.js';
import { type Ask, askFrontend } from './ask-frontend.js';
import type { Frontend } from './frontend.js';
import { type Ledger, nameOf, type Order, tagItem } from './ledger.js';
import type { Life } from './process.js';
import type { Source } from './read-checker.js';
import type { World } from './world.js';

/** Attempts with one key; the end of a run allows more. */
const attemptsMax = 6;
/** The factor between its clock and those of the store. */
const clocksDiffer = 0.9;
const lastEveryMs = 100;

export interface CustomerOptions {
  readonly name: string;
  readonly life: Life;
  readonly frontends: readonly Frontend[];
  readonly ledger: Ledger;
}

export class Customer {
  /** An operation is under way. */
  busy = false;
  done = 0;
  failed = 0;
  readonly #world: World;
  readonly #options: CustomerOptions;
  #stopped = false;
  #keys = 0;

  constructor(world: World, options: CustomerOptions) {
    this.#world = world;
    this.#options = options;
  }

  start(): void {
    const { clients: random } = this.#world.random;
    this.#options.life.after(this.#world.profile.thinkMs * 2 * random.fraction(), () => {
      if (this.#stopped) return;
      this.busy = true;
      this.#act().then(
        () => this.#ended(true),
        (error: unknown) => {
          this.#noteFailure(error);
          this.#ended(false);
        },
      );
    });
  }

  /** Begins no more operations. */
  stop(): void {
    this.#stopped = true;
  }

  /** One more purchase, which must succeed in the end because all faults are over. */
  async buyLast(frontend: Frontend, when: string): Promise<void> {
    let order = this.#begin(tagItem, 1, `${when} at ${frontend.name}`);
    while (order.state === 'open') {
      // An expired key could be sold again, so this is a new purchase.
      if (!this.#mayRetry(order)) order = this.#begin(tagItem, 1, `${order.key}, again`);
      await this.#purchase(order, () => frontend).catch((error) => this.#noteFailure(error));
      await sleep(this.#options.life, lastEveryMs);
    }
  }

  /** Looks up everything at one frontend, in addition to its other operations. */
  lookAround(frontend: Frontend): void {
    for (let at = 1; at <= this.#world.profile.items; at++) {
      void this.lookAt(frontend, tagItem + at);
    }
  }

  /** Resolves when there is an answer, or none can come. */
  lookAt(frontend: Frontend, item: number): Promise<void> {
    return this.#lookUpAt(frontend, item).catch((error) => this.#noteFailure(error));
  }

  /** Adds stock, in addition to its other operations. */
  changeAt(frontend: Frontend, item: number): void {
    this.#changeAt(frontend, item).catch((error) => this.#noteFailure(error));
  }

  #ended(ok: boolean): void {
    this.busy = false;
    if (ok) this.done += 1;
    else this.failed += 1;
    this.start();
  }

  #noteFailure(error: unknown): void {
    const { code, message } = toBazarError(error);
    if (code === 'internal') this.#world.report(`${this.#options.name}: ${code} ${message}`);
  }

  #act(): Promise<void> {
    const { buys, reads, changes } = this.#world.profile;
    const dice = this.#world.random.clients.fraction();
    if (dice < buys) return this.#buy();
    if (dice < buys + reads) return this.#readBack();
    if (dice < buys + reads + changes) return this.#change();
    return this.#lookUp();
  }

  #pickItem(): number {
    return tagItem + 1 + this.#world.random.clients.integer(this.#world.profile.items);
  }

  #pickFrontend = (): Frontend => {
    const { frontends } = this.#options;
    const frontend = frontends[this.#world.random.clients.integer(frontends.length)];
    if (frontend === undefined) throw new Error('there is a frontend');
    return frontend;
  };

  async #buy(): Promise<void> {
    const { clients: random } = this.#world.random;
    const { ledger } = this.#options;
    const again = ledger.orders[random.integer(Math.max(1, ledger.orders.length))];
    const isLate = again && !this.#mayRetry(again);
    if (isLate) return this.#buyNew();
    if (again?.key && random.fraction() < 0.15) return this.#purchase(again, this.#pickFrontend);
    if (again?.key && random.fraction() < 0.05) return this.#reuse(again);
    return this.#buyNew();
  }

  #buyNew(): Promise<void> {
    const { clients: random } = this.#world.random;
    this.#keys += 1;
    const key = random.fraction() < 0.6 ? `${this.#options.name}-${this.#keys}` : undefined;
    const quantity = 1 + random.integer(this.#world.profile.quantityMax);
    return this.#purchase(this.#begin(this.#pickItem(), quantity, key), this.#pickFrontend);
  }

  #begin(item: number, quantity: number, key: string | undefined): Order {
    return this.#options.ledger.begin(item, quantity, key, this.#world.scheduler.nowMs);
  }

  /** A key is kept for its lifetime, and an attempt may arrive as late as its age allows. */
  #mayRetry({ begunMs }: Order): boolean {
    const { clientKeyMs, clientKeyAgeMaxMs } = purchaseLimits;
    const sinceMs = this.#world.scheduler.nowMs - begunMs;
    return sinceMs < clocksDiffer * (clientKeyMs - clientKeyAgeMaxMs);
  }

  async #purchase(order: Order, frontend: () => Frontend): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const params = paramsOf(order, order.quantity);
        const answer = this.#ask(frontend(), (operations, context) =>
          operations.buy(params, context),
        );
        const placed = await this.#world.history.buy(this.#options.name, params, answer);
        this.#sold(order, placed.order_number);
        break;
      } catch (thrown) {
        const error = toBazarError(thrown);
        if (error.code === 'out_of_stock') {
          this.#options.ledger.refused(order);
          return;
        }
        if (error.code === 'invalid_argument') {
          this.#world.books.refusedTotal(order.item, order.quantity);
          this.#options.ledger.refused(order);
          return;
        }
        // Without its own key, a second attempt could be a second purchase.
        const isKnown = error.retryable && error.details.unknown !== true;
        if (order.key === undefined || attempt === attemptsMax || isKnown) throw error;
        if (!this.#mayRetry(order)) throw error;
        if (!error.retryable && error.code !== 'deadline_exceeded') throw error;
      }
    }
    await this.#readAtOnce(order);
  }

  #sold(order: Order, number: number): void {
    const known = this.#options.ledger.sold(order, number);
    if (!known) return;
    this.#world.reads.answeredAt(order.item, known.seq);
    this.#world.reads.answeredAt(tagItem, known.seq);
  }

  /** Uses the key of a purchase for another one. */
  async #reuse(order: Order): Promise<void> {
    try {
      const params = paramsOf(order, order.quantity + 1);
      const answer = this.#ask(this.#pickFrontend(), (operations, context) =>
        operations.buy(params, context),
      );
      // A purchase of its own; the same one if another customer makes the same choice.
      const another = { ...params, key: `another under ${order.key}` };
      await this.#world.history.buy(this.#options.name, another, answer);
    } catch (thrown) {
      const { code } = toBazarError(thrown);
      if (order.state === 'open' || ['key_reused', 'unavailable'].includes(code)) return;
      if (['deadline_exceeded', 'overloaded'].includes(code)) return;
      this.#world.report(`I6: another purchase under the key of ${order.tag} was ${code}`);
      return;
    }
    // The first to arrive wins; the ledger determines which it was.
    if (order.state !== 'open') {
      this.#world.report(`I6: another purchase under the key of ${order.tag} was sold`);
    }
  }

  /** Reads the order right after the answer, or the newest orders. */
  async #readAtOnce(order: Order): Promise<void> {
    const dice = this.#world.random.visits.fraction();
    if (order.number === undefined || dice > 0.4) return;
    if (dice < 0.3) await this.#readOrder(order, order.number);
    else await this.#listNewest(order.number);
  }

  /** The newest orders, listed after the answer, include the order or a later one. */
  async #listNewest(number: number): Promise<void> {
    const { items } = await this.#ask(this.#pickFrontend(), (operations, context) =>
      operations.orders({ order: 'desc', limit: 2 }, context),
    );
    const newest = items[0]?.number ?? 0;
    if (newest >= number) return;
    this.#world.report(`I8: the list ends at order ${newest}, but ${number} is acknowledged`);
  }

  async #readBack(): Promise<void> {
    const { clients: random } = this.#world.random;
    const sold = this.#options.ledger.orders.filter(({ number }) => number !== undefined);
    const order = sold[random.integer(Math.max(1, sold.length))];
    if (order?.number !== undefined) await this.#readOrder(order, order.number);
  }

  async #readOrder(order: Order, number: number): Promise<void> {
    try {
      const answer = this.#ask(this.#pickFrontend(), (operations, context) =>
        operations.order({ number }, context),
      );
      const found = await this.#world.history.order(this.#options.name, number, answer);
      const line = found.lines.find(({ id }) => id === tagItem);
      const isSame = order.item === tagItem || line?.quantity === order.tag;
      if (found.number !== number || !isSame) {
        this.#world.report(`I8: order ${number} reads back as another order`);
      }
    } catch (thrown) {
      if (toBazarError(thrown).code === 'not_found') {
        this.#world.report(`I8: acknowledged order ${number} is not found`);
      }
      throw thrown;
    }
  }

  #change(): Promise<void> {
    const id = this.#pickItem();
    return this.#changeAt(undefined, id);
  }

  async #changeAt(frontend: Frontend | undefined, id: number): Promise<void> {
    const add = 1 + this.#world.random.clients.integer(5);
    const changed = { add, ...this.#newPrice() };
    const answer = this.#ask(frontend ?? this.#pickFrontend(), (operations, context) =>
      operations.updateProduct({ id, ...changed }, context),
    );
    const product = await this.#world.history.change(this.#options.name, id, changed, answer);
    this.#world.reads.answered(id, product.version);
  }

  /** Prices change in runs whose totals cross their limit. */
  #newPrice(): { price?: number } {
    const { limits } = this.#world.profile;
    const mostCents = limits.request?.priceCentsMax;
    if (mostCents === undefined) return {};
    return { price: (1 + this.#world.random.clients.integer(mostCents)) / 100 };
  }

  #lookUp(): Promise<void> {
    // The tag's product is in each purchase: if no cache has it, no purchase is refused locally.
    const id = this.#world.random.visits.integer(4) === 0 ? tagItem : this.#pickItem();
    return this.#lookUpAt(this.#pickFrontend(), id);
  }

  async #lookUpAt(frontend: Frontend, id: number): Promise<void> {
    const { reads } = this.#world;
    const minimum = reads.minimum(id);
    const byName = this.#world.random.clients.integer(4) === 0;
    const item = byName ? { name: nameOf(id) } : { id };
    let source: Source = 'fetched';
    const answer = this.#ask(frontend, async (operations, context) => {
      const hit = operations.cached(item);
      if (hit) source = 'hit';
      const questions = frontend.questions;
      const fetched = hit ? undefined : operations.fetch(item, context);
      if (fetched && questions === frontend.questions) source = 'shared';
      return required((hit ?? (await fetched))?.product, 'an answer');
    });
    const product = await this.#world.history.lookUp(this.#options.name, id, answer);
    reads.lookedUp(product, minimum, source, `${this.#options.name} at ${frontend.name}`);
  }

  #ask<T>(frontend: Frontend, ask: Ask<T>): Promise<T> {
    const { name, life } = this.#options;
    const thread = this.#world.random.clients.integer(2);
    return askFrontend(this.#world, { name, life, thread }, frontend, ask);
  }
}

function paramsOf(order: Order, quantity: number) {
  const lines =
    order.item === tagItem
      ? [{ id: tagItem, quantity: order.tag }]
      : [
          { id: order.item, quantity },
          { id: tagItem, quantity: order.tag },
        ];
  return order.key === undefined ? { lines } : { lines, key: order.key };
}
