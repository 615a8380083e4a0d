/**
 * An administrator who reads the ledgers of the products that holders and cancellers change (docs/STOCK.md,
 * M5), whole or from some movement on, and a product's stock.
 */
import { toBazarError } from '../src/base/errors.js';
import type { Ledger } from '../src/wire/stock-schemas.js';
import type { Frontend } from './frontend.js';
import { type Hand, handOf } from './hand.js';
import { heldIn } from './holder.js';
import type { Life } from './process.js';
import type { World } from './world.js';

export interface BookkeeperOptions {
  readonly name: string;
  readonly life: Life;
  readonly frontends: readonly Frontend[];
}

const limits = [1, 3, 20, 1_000];

export class Bookkeeper {
  busy = false;
  done = 0;
  failed = 0;
  readonly #world: World;
  readonly #options: BookkeeperOptions;
  readonly #hand: Hand;
  #stopped = false;

  constructor(world: World, options: BookkeeperOptions) {
    this.#world = world;
    this.#options = options;
    this.#hand = handOf(world, options, world.random.ledgers);
  }

  start(): void {
    const { profile } = this.#world;
    this.#options.life.after(profile.thinkMs * this.#hand.fraction(), () => {
      if (this.#stopped) return;
      this.busy = true;
      this.#act().then(
        () => this.#ended(true),
        (error: unknown) => {
          const { code, message } = toBazarError(error);
          if (code === 'internal') this.#report(`${code} ${message}`);
          this.#ended(false);
        },
      );
    });
  }

  /** Begins no more operations. */
  stop(): void {
    this.#stopped = true;
  }

  #ended(ok: boolean): void {
    this.busy = false;
    if (ok) this.done += 1;
    else this.failed += 1;
    this.start();
  }

  async #act(): Promise<void> {
    const id = 1 + this.#hand.integer(1 + this.#world.profile.items + heldIn(this.#world));
    if (this.#hand.fraction() < 0.1) return this.#readStock(id);
    const { ledger } = this.#world.books;
    const minimum = ledger.minimum(id);
    const dice = this.#hand.fraction();
    const after = dice < 0.4 ? 0 : dice < 0.8 ? Math.max(0, minimum - 1) : this.#hand.integer(200);
    const limit = limits[this.#hand.integer(limits.length)] ?? 1;
    const answer = await this.#hand.anywhere<Ledger>((operations, context) =>
      operations.ledger({ id, after, limit }, context),
    );
    ledger.read({ id, after, limit }, answer, minimum, this.#options.name);
    this.#world.count('ledgers read');
  }

  async #readStock(id: number): Promise<void> {
    const levels = await this.#hand.anywhere((operations, context) =>
      operations.readStock({ id }, context),
    );
    const { available, reserved, on_hand, received, sold, returned } = levels;
    const isBalanced = available + reserved === on_hand && received - sold + returned === on_hand;
    if (!isBalanced) this.#report(`the stock of ${id} does not balance`);
  }

  #report(problem: string): void {
    this.#world.report(`${this.#options.name}: ${problem}`);
  }
}
