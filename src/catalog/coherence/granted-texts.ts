/**
 * Holds the granted names or topics in each spelling that was asked for. A change invalidates all
 * spellings with the same key together (docs/PROTOCOL.md, R8). Invariant: a text that is not in
 * here is not granted.
 */
import { textKey } from '../../base/product-text.js';

export class GrantedTexts {
  readonly #byKey = new Map<string, Set<string>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Returns false if `max` texts are held already. */
  add(text: string, max: number): boolean {
    const key = textKey(text);
    const texts = this.#byKey.get(key);
    if (texts?.has(text)) return true;
    if (this.#size >= max) return false;
    this.#size++;
    if (texts) texts.add(text);
    else this.#byKey.set(key, new Set([text]));
    return true;
  }

  /** Removes and returns all spellings of the text. */
  take(text: string): string[] {
    if (this.#size === 0) return [];
    const key = textKey(text);
    const texts = this.#byKey.get(key);
    if (!texts) return [];
    this.#byKey.delete(key);
    this.#size -= texts.size;
    return [...texts];
  }

  clear(): void {
    this.#byKey.clear();
    this.#size = 0;
  }
}
