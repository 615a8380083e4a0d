/**
 * How long a snapshot between two members counts as under way though nothing is heard of it
 * (docs/PROTOCOL.md, R11): the one measure for beginning again with it and for asking for it again.
 */
import type { State } from './state.js';

/** A piece of a snapshot takes no longer, nor does its installation. */
const silenceMs = 5_000;

/** One that was begun or last got on at this moment. */
export function isUnderWay(state: State, movedMs: number): boolean {
  return state.nowMs - movedMs < silenceMs;
}
