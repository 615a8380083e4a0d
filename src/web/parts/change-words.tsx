/**
 * The outcome of a change, beside its button. Screen readers hear it here: while a window is open, the rest
 * of the page is silent.
 */
import type { Change } from './use-change.js';

export function ChangeWords({ change: { state, words } }: { change: Change }) {
  return (
    <p class={`change ${state}`} role="status">
      {words}
    </p>
  );
}
