/** One operation as a product sees it: a sight of the product or an act on it, with its times. */
import type { Act, Sight } from './register.js';
import type { Operation } from './types.js';

export interface Move {
  readonly invokedMs: number;
  /** Infinity: it may never happen, or not yet. */
  readonly returnedMs: number;
  readonly sight?: Sight;
  readonly act?: Act;
  readonly operation: Operation;
}

/** When an operation may take effect. */
export function timesOf({ invokedMs, returnedMs, ending }: Operation) {
  return { invokedMs, returnedMs: ending === 'ok' ? returnedMs : Number.POSITIVE_INFINITY };
}
