/**
 * Texts about which an answer was lent, as they were asked for: names and topics in any spelling. A
 * change of one of them changes what all spellings with the same key stand for, so that they are
 * taken back together (docs/PROTOCOL.md, R8). Invariant: what is not in here was not lent.
 */
import { textKey } from '../../base/product-text.js';

export class GrantedTexts {
  readonly #byKey = new Map<string, Set<string>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** False where there are `max` already. */
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

  /** All spellings of the text. */
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
