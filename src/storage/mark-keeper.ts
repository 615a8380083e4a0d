/**
 * Keeps a journal's mark current (docs/PROTOCOL.md, R10). Invariant: the durable mark covers a segment
 * before it is written to, and covers no removed segment.
 */
import type { JournalMark, JournalMarks } from './types.js';

const noSegments = { firstSegment: 0, lastSegment: 0, droppedThrough: 0 };

export class MarkKeeper {
  /** Recorded in the heads of the segments; 0 if no mark is kept. */
  readonly id: number;
  readonly #marks: JournalMarks | undefined;
  #mark: JournalMark;

  /** @param found the id in the segments, if they contain one. */
  constructor(marks: JournalMarks | undefined, found: number | undefined) {
    this.#marks = marks;
    this.id = marks ? (marks.mark?.id ?? found ?? marks.newId) : 0;
    this.#mark = marks?.mark ?? { id: this.id, ...noSegments };
  }

  async set(range: Partial<Omit<JournalMark, 'id'>>): Promise<void> {
    this.#mark = { ...this.#mark, ...range };
    const [next, durable] = [this.#mark, this.#marks?.mark];
    const isSame =
      durable?.firstSegment === next.firstSegment &&
      durable.lastSegment === next.lastSegment &&
      durable.droppedThrough === next.droppedThrough;
    if (!isSame) await this.#marks?.set(next);
  }
}
