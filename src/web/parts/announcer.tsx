/** Announces events to screen readers: a single live region for the whole page. */
import { cell, useCell } from '../store/cell.js';

const said = cell({ text: '', turn: 0 });

export function announce(text: string): void {
  said.set({ text, turn: said.get().turn + 1 });
}

export function Announcer() {
  const { text, turn } = useCell(said);
  // The same words twice are two announcements; a new element makes screen readers read both.
  return (
    <div class="unseen" role="status" aria-live="polite">
      <p key={turn}>{text}</p>
    </div>
  );
}
