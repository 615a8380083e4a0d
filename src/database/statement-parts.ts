/** A statement in parts: the expressions of one WITH, each with its own values. */
import type { Statement } from './session.js';

/** `$1`, `$2` … are the part's own values. */
export interface Part {
  /** One letter for the name of the statement. */
  readonly letter: string;
  readonly values: readonly unknown[];
  readonly text: string;
}

/** The parts as the expressions of one WITH, and their values. */
export function joinParts(parts: readonly Part[]): Required<Pick<Statement, 'text' | 'values'>> {
  let count = 0;
  const texts = parts.map(({ text, values }) => {
    const before = count;
    count += values.length;
    return text.replace(/\$(\d+)/g, (_, place: string) => `$${Number(place) + before}`);
  });
  return { text: texts.join(', '), values: parts.flatMap(({ values }) => values) };
}
