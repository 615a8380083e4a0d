/**
 * Clients that request one product repeatedly, at each thread of each frontend, whether it exists or
 * not: what one of them read, no later request may contradict (I9). A request without an answer is
 * repeated only when there is a newer version.
 */
import { toBazarError } from '../src/base/errors.js';
import type { Product } from '../src/wire/schemas.js';
import { askFrontend } from './ask-frontend.js';
import type { Frontend } from './frontend.js';
import type { Life } from './process.js';
import type { Source } from './read-checker.js';
import type { World } from './world.js';

const lookEveryMs = 3;

export interface SeekersOptions {
  readonly life: Life;
  readonly frontends: readonly Frontend[];
}

/** One client; it always uses the same thread. */
interface Seeker {
  readonly name: string;
  readonly frontend: Frontend;
  readonly thread: number;
  /** Its unanswered requests for the current product. */
  open: Set<object>;
  /** The newest version known when it last asked. */
  known: number;
}

export class Seekers {
  readonly #world: World;
  readonly #life: Life;
  readonly #seekers: readonly Seeker[];
  #sought: number | undefined;
  #open = 0;
  #isLooking = false;
  #stopped = false;

  constructor(world: World, { life, frontends }: SeekersOptions) {
    this.#world = world;
    this.#life = life;
    this.#seekers = frontends.flatMap((frontend) =>
      [0, 1].map((thread) => {
        const name = `seeker at ${frontend.name}/${thread}`;
        return { name, frontend, thread, open: new Set(), known: 0 };
      }),
    );
  }

  get busy(): boolean {
    return this.#open > 0;
  }

  seek(id: number): void {
    if (this.#sought !== id) {
      for (const seeker of this.#seekers) {
        seeker.open = new Set();
        seeker.known = 0;
      }
    }
    this.#sought = id;
    if (!this.#isLooking) this.#look();
  }

  /** Stops until another product is set. */
  rest(): void {
    this.#sought = undefined;
  }

  stop(): void {
    this.#stopped = true;
  }

  #look(): void {
    const id = this.#sought;
    this.#isLooking = id !== undefined && !this.#stopped;
    if (id === undefined || this.#stopped) return;
    for (const seeker of this.#seekers) {
      const minimum = this.#world.reads.minimum(id);
      if (seeker.open.size === 0 || minimum > seeker.known) void this.#ask(seeker, id, minimum);
    }
    this.#world.scheduler.in(lookEveryMs, () => this.#look());
  }

  async #ask(seeker: Seeker, id: number, minimum: number): Promise<void> {
    const { open } = seeker;
    const question = {};
    open.add(question);
    seeker.known = minimum;
    this.#open += 1;
    await this.#lookUp(seeker, id, minimum).catch((error: unknown) => {
      const { code, message } = toBazarError(error);
      if (code === 'internal') this.#world.report(`${seeker.name}: ${code} ${message}`);
    });
    this.#open -= 1;
    open.delete(question);
  }

  async #lookUp({ name, frontend, thread }: Seeker, id: number, minimum: number): Promise<void> {
    let source: Source = 'fetched';
    const asker = { name, life: this.#life, thread };
    const find = async (): Promise<Product | undefined> =>
      askFrontend(this.#world, asker, frontend, async (operations, context) => {
        const hit = operations.cached({ id });
        if (hit) source = 'hit';
        const { questions } = frontend;
        const fetched = hit ? undefined : operations.fetch({ id }, context);
        if (fetched && questions === frontend.questions) source = 'shared';
        return (hit ?? (await fetched))?.product;
      });
    const product = await find().catch((error: unknown) => {
      if (toBazarError(error).code !== 'not_found') throw error;
      return undefined;
    });
    const { reads } = this.#world;
    if (product) reads.lookedUp(product, minimum, source, name);
    else reads.missed(id, minimum, source, name);
  }
}
