/**
 * A client that reads topics and also manages products: it requests products that do not exist, adds
 * them, moves them to another topic and removes them. After each answer it checks that every frontend
 * shows the result (docs/PROTOCOL.md, I9, for lists and for "not found"). No other client adds, moves or
 * removes, so the expected state is known.
 */
import { toBazarError } from '../src/base/errors.js';
import type { Product } from '../src/wire/schemas.js';
import { Client, type ClientOptions } from './client.js';
import type { Frontend } from './frontend.js';
import { heldIn } from './holder.js';
import type { World } from './world.js';

/** The customers buy only these; no client moves or removes them. */
const stapleTopic = 'toys';
const topics = ['Novelties', 'odds and ends'] as const;

type Fact = 'absent' | 'in the first' | 'in the second';

export class Visitor {
  readonly client: Client;
  readonly #world: World;
  readonly #options: ClientOptions;
  #names = 0;
  /** The highest id assigned, and how often it is unknown whether one was. */
  #lastId: number;
  #perhaps = 0;

  constructor(world: World, options: ClientOptions) {
    this.#world = world;
    this.#options = options;
    const { visits: random } = world.random;
    this.client = new Client(world, options, { random, act: () => this.#act() });
    this.#lastId = 1 + world.profile.items + heldIn(world);
  }

  async #act(): Promise<void> {
    if (this.client.fraction() < 0.5) return this.#leaf();
    await this.#tend();
  }

  /** Checks that all staples are listed, each at least as new as answered before. */
  async #leaf(): Promise<void> {
    const { reads, profile } = this.#world;
    const ids = Array.from({ length: 1 + profile.items }, (_, place) => 1 + place);
    const minimums = new Map(ids.map((id) => [id, reads.minimum(id)]));
    const wanted = this.client.integer(2) === 0 ? { topic: stapleTopic } : { text: 'of them' };
    const answer = this.client.anywhere((operations, context) =>
      operations.search(wanted, context),
    );
    const { items } = await this.#world.history.search(this.#options.name, answer);
    for (const product of items) {
      reads.lookedUp(product, minimums.get(product.id) ?? 0, 'fetched', this.#options.name);
    }
    const missing = ids.filter((id) => !items.some((product) => product.id === id));
    if (missing.length > 0) this.#report(`a page without ${missing.join()}`);
  }

  /** The life of one product. An unknown outcome ends the checks. */
  async #tend(): Promise<void> {
    const name = `novelty ${++this.#names}`;
    const id = this.#lastId + this.#perhaps + 1;
    await this.#demand({ id, name }, 'absent');
    const [topic, other] = topics;
    this.#perhaps += 1;
    const added = await this.client.anywhere((operations, context) =>
      operations.addProduct({ name, topic, price: 1, quantity: 5 }, context),
    );
    this.#perhaps -= 1;
    if (added.id <= this.#lastId) this.#report(`id ${added.id} was given twice`);
    this.#perhaps = Math.max(0, this.#perhaps - (added.id - this.#lastId - 1));
    this.#lastId = added.id;
    const it = { id: added.id, name };
    await this.#demand(it, 'in the first');
    await this.client.anywhere((operations, context) =>
      operations.updateProduct({ id: it.id, topic: other }, context),
    );
    await this.#demand(it, 'in the second');
    await this.client.anywhere((operations, context) =>
      operations.removeProduct({ id: it.id }, context),
    );
    await this.#demand(it, 'absent');
  }

  /** Checks each frontend, by id, by name and in the lists, whatever its caches hold. */
  async #demand(it: { id: number; name: string }, fact: Fact): Promise<void> {
    for (const frontend of this.#options.frontends) {
      await this.#look(frontend, it, { id: it.id }, fact);
      await this.#look(frontend, it, { name: it.name }, fact);
      for (const [place, topic] of topics.entries()) {
        const isIn = fact === (place === 0 ? 'in the first' : 'in the second');
        const { items } = await this.client.at(frontend, (operations, context) =>
          operations.search({ topic, limit: 1_000 }, context),
        );
        this.#compare(frontend, it.id, items, isIn, `in ${topic}`);
        const strays = items.filter((product) => product.topic !== topic);
        if (strays.length > 0) this.#report(`${frontend.name}: strays in ${topic}`);
      }
    }
    this.#world.count('demands of a visitor met');
  }

  async #look(
    frontend: Frontend,
    it: { id: number; name: string },
    item: { id: number } | { name: string },
    fact: Fact,
  ): Promise<void> {
    const found = await this.client.at(frontend, async (operations, context) => {
      try {
        return [await operations.lookup(item, context)];
      } catch (error) {
        if (toBazarError(error).code === 'not_found') return [];
        throw error;
      }
    });
    this.#compare(frontend, it.id, found, fact !== 'absent', 'id' in item ? 'by id' : 'by name');
  }

  #compare(
    frontend: Frontend,
    id: number,
    found: readonly Product[],
    isThere: boolean,
    where: string,
  ): void {
    if (found.some((product) => product.id === id) === isThere) return;
    const isStale = isThere ? 'does not know' : 'still knows';
    this.#report(`${frontend.name} ${isStale} product ${id} ${where}`);
  }

  #report(problem: string): void {
    this.#world.report(`I9: ${this.#options.name}: ${problem}`);
  }
}
