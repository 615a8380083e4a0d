/**
 * Notes which uses of purchase limits the tables lack. An entry that may change all uses of a product
 * leaves one note of the product, so only single changes need a maximum. Invariant: a note has the seq of
 * the last entry that made it, and notes stand in the order of their entries.
 */
import type { UseChanges, UseKeyRow, UseRow } from '../../database/rows.js';
import type { UsesView } from '../machine/catalog-view.js';
import type { UseKey, UsesListener } from '../machine/uses-listener.js';
import { useRow } from './table-rows.js';

interface NotedUse extends UseKey {
  readonly product: number;
  readonly seq: number;
}

export class UseNotes implements UsesListener {
  /** Seq of the entry that is applied now; undefined: its changes are in the tables. */
  readonly #seq: () => number | undefined;
  /** By product, source and customer. */
  readonly #changed = new Map<string, NotedUse>();
  readonly #ended = new Map<number, { readonly seq: number; readonly through: number }>();
  /** Product and seq. */
  readonly #replaced = new Map<number, number>();

  constructor(seq: () => number | undefined) {
    this.#seq = seq;
  }

  /** Number of noted single changes. */
  get size(): number {
    return this.#changed.size;
  }

  /** Seq of the oldest single change; undefined if there is none. */
  get oldest(): number | undefined {
    const [first] = this.#changed.values();
    return first?.seq;
  }

  changed(product: number, { customer, source, time }: UseKey): void {
    const seq = this.#seq();
    if (seq === undefined) return;
    const key = `${product} ${source} ${customer}`;
    this.#changed.delete(key);
    this.#changed.set(key, { product, customer, source, time, seq });
  }

  ended(product: number, through: number): void {
    const seq = this.#seq();
    if (seq === undefined) return;
    this.#ended.delete(product);
    this.#ended.set(product, { seq, through });
  }

  replaced(product: number): void {
    const seq = this.#seq();
    if (seq === undefined) return;
    this.#replaced.delete(product);
    this.#replaced.set(product, seq);
  }

  /** Undefined if nothing is noted. */
  changes(uses: UsesView): UseChanges | undefined {
    if (this.#changed.size + this.#ended.size + this.#replaced.size === 0) return undefined;
    const replaced = [...this.#replaced.keys()];
    const rows: UseRow[] = replaced.flatMap((product) => Array.from(uses.of(product), useRow));
    const gone: UseKeyRow[] = [];
    for (const { product, customer, source, time } of this.#changed.values()) {
      if (this.#replaced.has(product)) continue;
      const use = uses.find(product, { customer, source });
      if (use) rows.push(useRow(use));
      else if (time > (this.#ended.get(product)?.through ?? Number.NEGATIVE_INFINITY)) {
        gone.push({ productId: product, customer: Buffer.from(customer, 'latin1'), source });
      }
    }
    const ended = [...this.#ended]
      .filter(([product]) => !this.#replaced.has(product))
      .map(([productId, { through }]) => ({ productId, through }));
    return { rows, gone, ended, replaced };
  }

  /** Drops the notes through this entry. */
  drop(seq: number): void {
    dropThrough(this.#changed, seq, (note) => note.seq);
    dropThrough(this.#ended, seq, (note) => note.seq);
    dropThrough(this.#replaced, seq, (notedAt) => notedAt);
  }

  clear(): void {
    this.#changed.clear();
    this.#ended.clear();
    this.#replaced.clear();
  }
}

function dropThrough<Key, Note>(
  notes: Map<Key, Note>,
  seq: number,
  seqOf: (note: Note) => number,
): void {
  for (const [key, note] of notes) {
    if (seqOf(note) > seq) break;
    notes.delete(key);
  }
}
