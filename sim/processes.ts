/**
 * A process of the cluster: at most one life at a time, restarted some time after it ended, as by the
 * launcher.
 */
import type { Life } from './process.js';
import type { World } from './world.js';

export interface ProcessOptions {
  readonly name: string;
  readonly index: number;
}

export class Process {
  readonly name: string;
  readonly #world: World;
  readonly #options: ProcessOptions;
  readonly #boots: ((life: Life) => void)[] = [];
  #life: Life | undefined;
  /** It is not restarted before this time. */
  #downUntilMs = 0;

  constructor(world: World, options: ProcessOptions) {
    this.name = options.name;
    this.#world = world;
    this.#options = options;
  }

  get life(): Life | undefined {
    return this.#life;
  }

  get up(): boolean {
    return this.#life !== undefined;
  }

  /** Adds code that each of its lives starts with; a recovery server keeps two logs. */
  runs(boot: (life: Life) => void): void {
    this.#boots.push(boot);
  }

  start(): void {
    if (this.#life !== undefined) return;
    const life = this.#world.newLife(this.name, this.#options.index);
    this.#life = life;
    this.#world.trace(() => `${this.name}: starts`);
    this.#world.network.began(life);
    for (const boot of this.#boots) boot(life);
  }

  /** Ends the life; a new one follows after `downMs`. */
  kill(downMs: number, power = false): void {
    const life = this.#life;
    const { scheduler } = this.#world;
    this.#downUntilMs = Math.max(this.#downUntilMs, scheduler.nowMs + downMs);
    if (life === undefined) return;
    this.#world.trace(() => `${this.name}: ${power ? 'loses its power' : 'dies'}`);
    this.#life = undefined;
    life.end(power);
    this.#world.network.ended(life, power);
    this.#restartLater();
  }

  /** Ends the life for good. */
  stop(): void {
    this.kill(Number.POSITIVE_INFINITY);
    this.#downUntilMs = 0;
  }

  /** Starts a process that is down at once. */
  revive(): void {
    this.#downUntilMs = 0;
    this.start();
    this.#life?.resume();
  }

  #restartLater(): void {
    const { scheduler } = this.#world;
    scheduler.at(this.#downUntilMs, () => {
      if (this.#life !== undefined) return;
      if (scheduler.nowMs < this.#downUntilMs) this.#restartLater();
      else this.start();
    });
  }
}
