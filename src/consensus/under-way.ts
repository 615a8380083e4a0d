/**
 * How long a snapshot between two members counts as under way without a message about it
 * (docs/PROTOCOL.md, R11). The same limit applies to sending it again and to requesting it again.
 */
import type { State } from './state.js';

/** Longer than a piece of a snapshot takes, its installation included. */
const silenceMs = 5_000;

/** Whether a snapshot that began or last advanced at this time still counts as under way. */
export function isUnderWay(state: State, movedMs: number): boolean {
  return state.nowMs - movedMs < silenceMs;
}
