/**
 * What several clients of the simulation share. A client waits for a think time, does one operation, counts
 * it, and begins again until it is stopped. It has its own keys, and asks a random frontend for each request.
 * All of its draws come from one random stream, in the order of the calls.
 */
import { toBazarError } from '../src/base/errors.js';
import type { Random } from '../src/base/random.js';
import { type Ask, askFrontend } from './ask-frontend.js';
import type { Frontend } from './frontend.js';
import type { Life } from './process.js';
import type { World } from './world.js';

export interface ClientOptions {
  readonly name: string;
  readonly life: Life;
  readonly frontends: readonly Frontend[];
}

export interface ClientBehavior {
  readonly random: Pick<Random, 'fraction' | 'integer'>;
  /** Does one operation. A rejection counts as given up; the code `internal` is a problem of the run. */
  readonly act: () => Promise<unknown>;
}

export class Client {
  /** An operation is under way. */
  busy = false;
  done = 0;
  failed = 0;
  readonly #world: World;
  readonly #options: ClientOptions;
  readonly #behavior: ClientBehavior;
  #stopped = false;
  #keys = 0;

  constructor(world: World, options: ClientOptions, behavior: ClientBehavior) {
    this.#world = world;
    this.#options = options;
    this.#behavior = behavior;
  }

  start(): void {
    const { profile } = this.#world;
    this.#options.life.after(profile.thinkMs * this.fraction(), () => {
      if (this.#stopped) return;
      this.busy = true;
      this.#behavior.act().then(
        () => this.#ended(true),
        (error: unknown) => {
          const { code, message } = toBazarError(error);
          if (code === 'internal') this.report(`${code} ${message}`);
          this.#ended(false);
        },
      );
    });
  }

  /** Begins no more operations. */
  stop(): void {
    this.#stopped = true;
  }

  newKey(): string {
    this.#keys += 1;
    return `${this.#options.name}-${this.#keys}`;
  }

  /** A fraction in [0, 1). */
  fraction(): number {
    return this.#behavior.random.fraction();
  }

  /** An integer in [0, below). */
  integer(below: number): number {
    return this.#behavior.random.integer(below);
  }

  /** Asks a session thread of some frontend. */
  anywhere<T>(ask: Ask<T>): Promise<T> {
    const { frontends } = this.#options;
    const frontend = frontends[this.integer(frontends.length)];
    if (frontend === undefined) throw new Error('there is a frontend');
    return this.at(frontend, ask);
  }

  /** Asks a session thread of this frontend. */
  at<T>(frontend: Frontend, ask: Ask<T>): Promise<T> {
    const { name, life } = this.#options;
    return askFrontend(this.#world, { name, life, thread: this.integer(2) }, frontend, ask);
  }

  /** Reports a broken invariant, which ends the run. */
  report(problem: string): void {
    this.#world.report(`${this.#options.name}: ${problem}`);
  }

  #ended(ok: boolean): void {
    this.busy = false;
    if (ok) this.done += 1;
    else this.failed += 1;
    this.start();
  }
}
