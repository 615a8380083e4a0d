/**
 * Breaks rules of local refusals and of invalidations at a frontend, for the seeded bugs; otherwise they
 * are those of production.
 */
import type { BazarError } from '../src/base/errors.js';
import { FrontendOperations, type FrontendOperationsOptions } from '../src/frontend/operations.js';
import type { RequestContext } from '../src/frontend/types.js';
import type { InvalidateParams } from '../src/wire/internal.js';
import type { Params, Placed } from '../src/wire/schemas.js';
import type { World } from './world.js';

/** The seeded bug: retries for this long. */
const afterDeadlineMs = 10 * 60_000;
/** When the cache is checked again for a purchase without an answer. */
const againMs = 5;

class BrokenOperations extends FrontendOperations {
  readonly #world: World;
  readonly #clock: FrontendOperationsOptions['clock'];

  constructor(world: World, options: FrontendOperationsOptions) {
    super(options);
    this.#world = world;
    this.#clock = options.clock;
  }

  override refusal(params: Params<'buy'>): BazarError | undefined {
    const { key: _key, ...purchase } = params;
    const asked = this.#world.hasBug('refuses-with-a-key') ? (purchase as Params<'buy'>) : params;
    const refused = super.refusal(asked);
    if (refused) this.#world.count('purchases refused at the edge');
    return refused;
  }

  override buy(params: Params<'buy'>, given: RequestContext): Promise<Placed> {
    const isLate = this.#world.hasBug('attempts-after-the-deadline');
    const context = isLate ? { ...given, deadlineMs: given.deadlineMs + afterDeadlineMs } : given;
    const bought = super.buy(params, context);
    if (!this.#world.hasBug('refuses-the-forwarded')) return bought;
    return new Promise((resolve, reject) => {
      bought.then(resolve, reject);
      // As if the cache were checked again before a second attempt.
      this.#clock.after(againMs, () => {
        const refused = this.refusal(params);
        if (refused) reject(refused);
      });
    });
  }
}

export function newOperations(
  world: World,
  options: FrontendOperationsOptions,
): FrontendOperations {
  return new BrokenOperations(world, options);
}

/** The part of an invalidation that reaches the invalidation versions. */
export function heard(world: World, [seq, ids, names, topics]: InvalidateParams): InvalidateParams {
  const forgets = world.hasBug('absence-outlives-adding');
  return [
    seq,
    forgets ? ids.filter((id) => id > 0) : ids,
    names,
    world.hasBug('lists-outlive-changes') ? [] : topics,
  ];
}
