/**
 * An administrator who cancels orders of the holders (holder.ts), whole or in part, with and without
 * restock, also more than is left, twice at once and again under the same key; and reads them back. Checks
 * that every later read shows what was answered (docs/STOCK.md, C6).
 */
import { toBazarError } from '../src/base/errors.js';
import { clientKeyDigest } from '../src/frontend/requests/keys.js';
import type { Cancelled } from '../src/wire/cancel-schemas.js';
import type { Params } from '../src/wire/schemas.js';
import { type Ask, askUntilSettled } from './ask-frontend.js';
import { Client, type ClientOptions } from './client.js';
import type { World } from './world.js';

/** An order that a client was told of. */
export interface KnownOrder {
  readonly number: number;
  readonly lines: readonly { readonly id: number; readonly quantity: number }[];
}

export interface CancellerOptions extends ClientOptions {
  readonly orders: () => readonly KnownOrder[];
}

/** More than is left, or too much to refund: answers that say that nothing was done. */
const refusals: ReadonlySet<string> = new Set(['conflict', 'invalid_argument']);
/** Most cancellations are of so many newest orders, so that an order is cancelled several times. */
const newest = 3;

export class Canceller {
  readonly client: Client;
  readonly #world: World;
  readonly #options: CancellerOptions;

  constructor(world: World, options: CancellerOptions) {
    this.#world = world;
    this.#options = options;
    const { cancellations: random } = world.random;
    this.client = new Client(world, options, { random, act: () => this.#act() });
  }

  async #act(): Promise<void> {
    const orders = this.#options.orders();
    const among = this.client.fraction() < 0.8 ? Math.min(newest, orders.length) : orders.length;
    const order = orders[orders.length - 1 - this.client.integer(Math.max(1, among))];
    const dice = this.client.fraction();
    if (!order) return;
    if (dice < 0.35) await this.#cancel(order);
    else if (dice < 0.55) await this.#cancelTwice(order);
    else if (dice < 0.75) await this.#read(order);
    else if (dice < 0.87) await this.#list(order);
    else await this.#listOrders();
  }

  /** Then at times again under the same key, or reads the order. */
  async #cancel(order: KnownOrder): Promise<void> {
    const params = { ...this.#wish(order), key: this.client.newKey() };
    const isDone = await this.#ask(params);
    const dice = this.client.fraction();
    if (isDone && dice < 0.3) await this.#ask(params);
    else if (isDone && dice < 0.8) await this.#read(order);
  }

  async #cancelTwice(order: KnownOrder): Promise<void> {
    await Promise.all([this.#cancel(order), this.#cancel(order)]);
  }

  /** All that is left, or a unit or two of some lines. */
  #wish({ number, lines }: KnownOrder): Params<'cancel_order'> {
    const restock = this.client.fraction() < 0.7;
    const [first, ...rest] = lines;
    if (this.client.fraction() < 0.3 || !first) return { number, restock };
    const quantity = this.client.fraction() < 0.85 ? 1 : 3;
    const some = [{ id: first.id, quantity }, ...(this.client.fraction() < 0.3 ? rest : [])];
    return { number, restock, lines: some, reason: 'unwanted' };
  }

  /** Returns whether it was cancelled. */
  async #ask(params: Params<'cancel_order'> & { readonly key: string }): Promise<boolean> {
    const { number, key } = params;
    const { cancellations } = this.#world.books;
    const ask: Ask<Cancelled> = (operations, context) => operations.cancelOrder(params, context);
    const cancelled = await askUntilSettled(
      this.#world,
      this.#options.life,
      () => {
        return this.#known(number, this.client.anywhere(ask));
      },
      refusals,
    );
    if (!cancelled) {
      this.#world.count('cancellations refused');
      return false;
    }
    this.#world.count(cancelled.replayed ? 'cancellations replayed' : 'cancellations');
    const known = cancellations.answered(clientKeyDigest(key), cancelled);
    if (!known || !cancelled.restock) return true;
    for (const { id } of cancelled.lines) this.#world.reads.answeredAt(id, known.seq);
    return true;
  }

  async #read({ number }: KnownOrder): Promise<void> {
    const { cancellations } = this.#world.books;
    const minimum = cancellations.minimum(number);
    const order = await this.#known(
      number,
      this.client.anywhere((operations, context) => operations.order({ number }, context)),
    );
    cancellations.read(order, minimum, this.#options.name);
  }

  async #list({ number }: KnownOrder): Promise<void> {
    const { cancellations } = this.#world.books;
    const minimum = cancellations.minimum(number);
    const { items } = await this.#known(
      number,
      this.client.anywhere((operations, context) => operations.cancellations({ number }, context)),
    );
    cancellations.listed(number, items, minimum, this.#options.name);
  }

  async #listOrders(): Promise<void> {
    const { cancellations } = this.#world.books;
    const minimums = new Map(
      this.#options.orders().map(({ number }) => [number, cancellations.minimum(number)]),
    );
    const { items } = await this.client.anywhere((operations, context) =>
      operations.orders({ order: 'desc', limit: 20 }, context),
    );
    for (const order of items) {
      cancellations.read(order, minimums.get(order.number) ?? 0, this.#options.name);
    }
  }

  /** The order is acknowledged, so it is found. */
  #known<T>(number: number, answer: Promise<T>): Promise<T> {
    return answer.catch((error: unknown) => {
      if (toBazarError(error).code === 'not_found') {
        this.client.report(`I8: acknowledged order ${number} is not found`);
      }
      throw error;
    });
  }
}
