/**
 * The mark of work on the tables that is not finished: a copy of another store into them, or their
 * rebuild. It is a JSON text in `store_meta`. Invariant: no store starts on tables with a mark.
 */

export type Unfinished =
  | {
      readonly work: 'copy';
      /** The place that is copied, for people. */
      readonly from: string;
      /** Tells states of stores apart: log position, state hash and number of sales. */
      readonly state: string;
    }
  | { readonly work: 'rebuild' };

/** Undefined if another build wrote the mark. */
export function readUnfinished(text: string): Unfinished | undefined {
  try {
    const { work, from, state } = JSON.parse(text);
    if (work === 'rebuild') return { work };
    const isCopy = work === 'copy' && typeof from === 'string' && typeof state === 'string';
    return isCopy ? { work, from, state } : undefined;
  } catch {
    return undefined;
  }
}

/** Continues a sentence that begins with the schema. */
export function describeUnfinished(text: string): string {
  const unfinished = readUnfinished(text);
  switch (unfinished?.work) {
    case 'copy':
      return `holds an unfinished copy of ${unfinished.from}; run the same bazar store copy again, or drop the schema`;
    case 'rebuild':
      return 'holds unfinished tables; run bazar store check --rebuild again';
    default:
      return `holds unfinished work of another build (${text}); use that build`;
  }
}
