/**
 * An administrator who reads the ledgers of the products that holders and cancellers change (docs/STOCK.md,
 * M5), whole or from some movement on, and a product's stock.
 */
import type { Ledger } from '../src/wire/stock-schemas.js';
import { Client, type ClientOptions } from './client.js';
import { heldIn } from './holder.js';
import type { World } from './world.js';

const limits = [1, 3, 20, 1_000];

export class Bookkeeper {
  readonly client: Client;
  readonly #world: World;
  readonly #options: ClientOptions;

  constructor(world: World, options: ClientOptions) {
    this.#world = world;
    this.#options = options;
    const { ledgers: random } = world.random;
    this.client = new Client(world, options, { random, act: () => this.#act() });
  }

  async #act(): Promise<void> {
    const id = 1 + this.client.integer(1 + this.#world.profile.items + heldIn(this.#world));
    if (this.client.fraction() < 0.1) return this.#readStock(id);
    const { ledger } = this.#world.books;
    const minimum = ledger.minimum(id);
    const dice = this.client.fraction();
    const after = dice < 0.4 ? 0 : dice < 0.8 ? Math.max(0, minimum - 1) : this.client.integer(200);
    const limit = limits[this.client.integer(limits.length)] ?? 1;
    const answer = await this.client.anywhere<Ledger>((operations, context) =>
      operations.ledger({ id, after, limit }, context),
    );
    ledger.read({ id, after, limit }, answer, minimum, this.#options.name);
    this.#world.count('ledgers read');
  }

  async #readStock(id: number): Promise<void> {
    const levels = await this.client.anywhere((operations, context) =>
      operations.readStock({ id }, context),
    );
    const { available, reserved, on_hand, received, sold, returned } = levels;
    const isBalanced = available + reserved === on_hand && received - sold + returned === on_hand;
    if (!isBalanced) this.client.report(`the stock of ${id} does not balance`);
  }
}
