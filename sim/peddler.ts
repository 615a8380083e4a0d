/**
 * A client that adds a product, removes it again, and then adds the next, while others request it at
 * every frontend all the time. No other client adds or removes products in such a run, so the next id is
 * known; without an answer it is a guess.
 */
import { sleep } from '../src/base/clock.js';
import { toBazarError } from '../src/base/errors.js';
import { type Ask, askFrontend } from './ask-frontend.js';
import type { Frontend } from './frontend.js';
import { heldIn } from './holder.js';
import type { Life } from './process.js';
import { Seekers } from './seekers.js';
import type { World } from './world.js';

/** The greatest time that it is requested before it exists, while it exists, and after. */
const spellMs = 20;

export interface PeddlerOptions {
  readonly name: string;
  readonly life: Life;
  readonly frontends: readonly Frontend[];
}

export class Peddler {
  done = 0;
  failed = 0;
  readonly #world: World;
  readonly #options: PeddlerOptions;
  readonly #seekers: Seekers;
  #isAtWork = false;
  #stopped = false;
  #names = 0;
  /** The highest id assigned, and how often it is unknown whether one was. */
  #lastId: number;
  #perhaps = 0;

  constructor(world: World, options: PeddlerOptions) {
    this.#world = world;
    this.#options = options;
    this.#seekers = new Seekers(world, options);
    this.#lastId = 1 + world.profile.items + heldIn(world);
  }

  get busy(): boolean {
    return this.#isAtWork || this.#seekers.busy;
  }

  start(): void {
    this.#options.life.after(spellMs * this.#world.random.visits.fraction(), () => {
      if (this.#stopped) return;
      this.#isAtWork = true;
      this.#peddle().then(
        () => this.#ended(true),
        (error: unknown) => {
          const { code, message } = toBazarError(error);
          if (code === 'internal') {
            this.#world.report(`${this.#options.name}: ${code} ${message}`);
          }
          this.#ended(false);
        },
      );
    });
  }

  /** Begins no more operations. */
  stop(): void {
    this.#stopped = true;
    this.#seekers.stop();
  }

  #ended(ok: boolean): void {
    this.#isAtWork = false;
    this.#seekers.rest();
    if (ok) this.done += 1;
    else this.failed += 1;
    this.start();
  }

  async #peddle(): Promise<void> {
    const { reads } = this.#world;
    this.#seekers.seek(this.#lastId + this.#perhaps + 1);
    await this.#spell();
    const { id, version } = await this.#add();
    reads.answered(id, version);
    this.#seekers.seek(id);
    await this.#spell();
    reads.leaving(id);
    await this.#anywhere((operations, context) => operations.removeProduct({ id }, context));
    reads.gone(id);
    this.#world.count('products that came and went while they were sought');
    await this.#spell();
  }

  /** Without an answer the product may exist all the same, and have taken an id. */
  async #add() {
    const name = `ware ${++this.#names}`;
    this.#perhaps += 1;
    const added = await this.#anywhere((operations, context) =>
      operations.addProduct({ name, topic: 'wares', price: 1, quantity: 5 }, context),
    );
    this.#perhaps = Math.max(0, this.#perhaps - (added.id - this.#lastId));
    this.#lastId = added.id;
    return added;
  }

  #spell(): Promise<void> {
    return sleep(this.#options.life, spellMs * this.#world.random.visits.fraction());
  }

  #anywhere<T>(ask: Ask<T>): Promise<T> {
    const { name, life, frontends } = this.#options;
    const { visits: random } = this.#world.random;
    const frontend = frontends[random.integer(frontends.length)];
    if (frontend === undefined) throw new Error('there is a frontend');
    return askFrontend(this.#world, { name, life, thread: random.integer(2) }, frontend, ask);
  }
}
