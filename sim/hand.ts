/**
 * What clients of the simulation share that ask any frontend for anything: their own keys, their draws, and
 * a frontend for each request. The draws decide everything, in the order of the calls.
 */
import type { Random } from '../src/base/random.js';
import { type Ask, askFrontend } from './ask-frontend.js';
import type { Frontend } from './frontend.js';
import type { Life } from './process.js';
import type { World } from './world.js';

export interface HandOptions {
  readonly name: string;
  readonly life: Life;
  readonly frontends: readonly Frontend[];
}

export interface Hand {
  newKey(): string;
  fraction(): number;
  integer(below: number): number;
  /** Asks a session thread of some frontend. */
  anywhere<T>(ask: Ask<T>): Promise<T>;
}

export function handOf(
  world: World,
  { name, life, frontends }: HandOptions,
  random: Pick<Random, 'fraction' | 'integer'>,
): Hand {
  let keys = 0;
  return {
    newKey() {
      keys += 1;
      return `${name}-${keys}`;
    },
    fraction: () => random.fraction(),
    integer: (below) => random.integer(below),
    anywhere(ask) {
      const frontend = frontends[random.integer(frontends.length)];
      if (frontend === undefined) throw new Error('there is a frontend');
      return askFrontend(world, { name, life, thread: random.integer(2) }, frontend, ask);
    },
  };
}
