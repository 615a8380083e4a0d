/**
 * A client that reserves products with holds, confirms all or a part of them, releases, extends or
 * abandons them, buys with a limit and an expected total, and corrects the stock. Its products are its own
 * and other holders': no other client buys them. Checks that acknowledged confirmations are orders.
 */
import { BazarError } from '../src/base/errors.js';
import { clientKeyDigest } from '../src/frontend/requests/keys.js';
import type { SaleLine } from '../src/wire/internal.js';
import type { Placed } from '../src/wire/schemas.js';
import { type Ask, askUntilSettled } from './ask-frontend.js';
import type { KnownOrder } from './canceller.js';
import { Client, type ClientOptions } from './client.js';
import type { World } from './world.js';

/** Products that holders reserve, after those of the other customers. */
const heldProducts = 2;

/** The products that holders reserve in this run. */
export function heldIn({ holders }: World): number {
  return holders > 0 ? heldProducts : 0;
}

/** Whether a sale is a holder's. */
export function isHeldSale({ profile }: World, [line]: readonly SaleLine[]): boolean {
  return line !== undefined && line[0] > 1 + profile.items;
}
/** Refusals that are answers; all other failures leave the outcome open or say that nothing was done. */
const refusals: ReadonlySet<string> = new Set([
  ...['not_found', 'out_of_stock', 'hold_expired', 'hold_confirmed', 'hold_released'],
  ...['limit_exceeded', 'price_changed', 'customer_required', 'conflict', 'invalid_argument'],
]);
const ttlsSeconds = [1, 1, 1, 2, 3];
/** Of the limits that the products get. */
const limits = [null, { quantity: 4, window_seconds: null }, { quantity: 5, window_seconds: 1 }];
const customers = ['ada', 'ada', 'bob'];

type Line = { readonly id: number; readonly quantity: number };

interface Held {
  readonly id: string;
  readonly lines: readonly Line[];
  readonly reference: string;
}

export class Holder {
  readonly client: Client;
  /** Acknowledged orders. */
  readonly placed: KnownOrder[] = [];
  readonly #world: World;
  readonly #options: ClientOptions;
  readonly #held: Held[] = [];

  constructor(world: World, options: ClientOptions) {
    this.#world = world;
    this.#options = options;
    const { holders: random } = world.random;
    this.client = new Client(world, options, { random, act: () => this.#act() });
  }

  #act(): Promise<unknown> {
    const dice = this.client.fraction();
    if (dice < 0.15) return this.#lookUp();
    if (dice < 0.25) return this.#administer();
    if (dice < 0.35) return this.#buy();
    const held = this.#held[this.client.integer(Math.max(1, this.#held.length))];
    if (!held || dice < 0.6) return this.#open();
    if (dice < 0.8) return this.#confirm(held);
    if (dice < 0.87) return this.#release(held);
    return dice < 0.94 ? this.#extend(held) : this.#read(held);
  }

  async #open(): Promise<void> {
    const lines = this.#lines();
    const ttl = ttlsSeconds[this.client.integer(ttlsSeconds.length)] ?? 1;
    const key = this.client.newKey();
    const customer = customers[this.client.integer(customers.length)] ?? 'ada';
    const reference = `cart ${key}`;
    const params = { lines, ttl_seconds: ttl, reference, customer, key };
    const opened = await this.#settled((operations, context) => operations.hold(params, context));
    if (!opened) return;
    this.#answered(key, lines);
    this.#world.count('holds');
    this.#held.push({ id: opened.hold_id, lines, reference });
    if (this.#held.length > 6) this.#held.shift();
    if (this.client.fraction() < 0.3) {
      const again = await this.#settled((operations, context) => operations.hold(params, context));
      if (again && again.hold_id !== opened.hold_id) {
        this.#world.report(`I6: the hold under ${key} is ${opened.hold_id} and ${again.hold_id}`);
      }
    }
  }

  /** All lines, or fewer units of the first one. */
  async #confirm(held: Held): Promise<void> {
    const [first] = held.lines;
    const isWhole = this.client.fraction() < 0.5 || !first;
    const lines = isWhole ? held.lines : [{ ...first, quantity: 1 }];
    const key = this.client.newKey();
    const params = { id: held.id, key, ...(isWhole ? {} : { lines: [...lines] }) };
    await this.#place(key, lines, (operations, context) => operations.confirmHold(params, context));
    this.#answered(key, held.lines);
  }

  async #release({ id, lines }: Held): Promise<void> {
    const key = this.client.newKey();
    const released = await this.#settled((operations, context) =>
      operations.releaseHold({ id, key }, context),
    );
    if (released) this.#answered(key, lines);
  }

  #extend({ id }: Held): Promise<unknown> {
    const key = this.client.newKey();
    return this.#settled((operations, context) =>
      operations.extendHold({ id, key, ttl_seconds: 1 }, context),
    );
  }

  async #read({ id, lines, reference }: Held): Promise<void> {
    const hold = await this.client.anywhere((operations, context) =>
      operations.readHold({ id }, context),
    );
    const isSame = lines.every((line) => {
      return hold.lines.some((one) => one.id === line.id && one.quantity === line.quantity);
    });
    if (!isSame || hold.reference !== reference) {
      this.#world.report(`I8: hold ${id} reads back as another one`);
    }
  }

  async #buy(): Promise<void> {
    const lines = this.#lines();
    const key = this.client.newKey();
    const customer = customers[this.client.integer(customers.length)] ?? 'ada';
    const total = lines.reduce((sum, { id, quantity }) => sum + id * quantity, 0);
    const expected = this.client.fraction() < 0.2 ? total + 1 : total;
    const params = { lines, key, customer, expected_total: expected };
    await this.#place(key, lines, (operations, context) => operations.buy(params, context));
    this.#answered(key, lines);
  }

  /** Changes a limit, or the stock. */
  async #administer(): Promise<void> {
    const id = this.#pickId();
    const limit = limits[this.client.integer(limits.length)] ?? null;
    const delta = this.client.integer(9) - 3;
    const count = this.client.integer(30);
    const dice = this.client.fraction();
    await this.client.anywhere(async (operations, context) => {
      if (dice < 0.4) return operations.updateProduct({ id, purchase_limit: limit }, context);
      const wanted = dice < 0.8 ? { delta } : { count };
      return operations.adjustStock({ id, reason: 'correction', ...wanted }, context);
    });
  }

  async #lookUp(): Promise<void> {
    const { reads } = this.#world;
    const id = this.#pickId();
    const minimum = reads.minimum(id);
    let isHit = false;
    const product = await this.client.anywhere(async (operations, context) => {
      isHit = operations.cached({ id }) !== undefined;
      return operations.lookup({ id }, context);
    });
    reads.lookedUp(product, minimum, isHit ? 'hit' : 'fetched', this.#options.name);
  }

  /** Records the order, and checks that it is what was asked for. */
  async #place(key: string, lines: readonly Line[], ask: Ask<Placed>): Promise<void> {
    const { history, books } = this.#world;
    let refused = false;
    const answer = this.#settled(ask).then((placed) => {
      refused = placed === undefined;
      // To the history of other customers a refusal is a purchase that never was.
      if (!placed) throw new BazarError('key_reused', 'refused');
      return placed;
    });
    const recorded = history.buy(this.#options.name, { key, lines: [...lines] }, answer);
    const placed = await recorded.catch((error: unknown) => {
      if (refused) return undefined;
      throw error;
    });
    if (!placed) return;
    this.placed.push({ number: placed.order_number, lines });
    const known = books.sales[placed.order_number - 1];
    const sold = known?.sale[2].map(([id, , quantity]) => `${id}×${quantity}`).join();
    const wanted = lines.map(({ id, quantity }) => `${id}×${quantity}`).join();
    const isOwn = known && Buffer.from(known.sale[1]).equals(clientKeyDigest(key));
    if (!isOwn || sold !== wanted) {
      this.#world.report(`I8: order ${placed.order_number} is ${sold}, not ${wanted}`);
    }
    this.#world.count('orders of holds and limits');
  }

  /** Retries under the same key; undefined: refused. */
  #settled<T>(ask: Ask<T>): Promise<T | undefined> {
    const { life } = this.#options;
    return askUntilSettled(this.#world, life, () => this.client.anywhere(ask), refusals);
  }

  /** From now on no read may show the products as they were before the key's entry. */
  #answered(key: string, lines: readonly Line[]): void {
    const digest = Buffer.from(clientKeyDigest(key)).toString('hex');
    const seq = this.#world.books.decidedAt.get(`1 ${digest}`);
    if (seq === undefined) return;
    for (const { id } of lines) this.#world.reads.answeredAt(id, seq);
  }

  #lines(): Line[] {
    const first = this.#pickId();
    const lines = [{ id: first, quantity: 1 + this.client.integer(3) }];
    if (this.client.fraction() < 0.6) return lines;
    const [low, high] = [
      2 + this.#world.profile.items,
      1 + this.#world.profile.items + heldProducts,
    ];
    return [...lines, { id: first === low ? high : low, quantity: 1 }];
  }

  #pickId(): number {
    return 2 + this.#world.profile.items + this.client.integer(heldProducts);
  }
}
